"""Labels of the knowledge base, as they are told."""

from pydantic import Field

from services.api.schemas.base import View
from soundstage.cuesheet import Layer
from soundstage.knowledge.base import Match
from soundstage.knowledge.label import Behaviour, Label


class LabelView(View):
    """A sound that a cue may ask for."""

    name: str = Field(description="Goes into a cue's `label`")
    similarity: float = Field(description="How near it is to what was asked for, 0 to 1; below 0.4 it is a guess")
    layer: Layer
    behaviour: Behaviour
    kind: str
    scenarios: tuple[str, ...]
    aliases: tuple[str, ...]
    voice: bool = Field(description="Whether it is a human voice")
    ucs: str | None = Field(description="CatID of the Universal Category System")
    level: float = Field(description="Typical loudness in a mix, in LUFS")
    parameters: dict[str, float] = Field(description="What a cue's `parameters` may steer, as it is by itself")
    fidelity: float = Field(description="How convincing its recipe is, 0 to 1; 0 without one")

    @classmethod
    def of(cls, match: Match) -> "LabelView":
        """As the knowledge base has it."""
        label: Label = match.label
        return cls(
            name=label.name,
            similarity=match.similarity,
            layer=label.layer,
            behaviour=label.behaviour,
            kind=label.kind,
            scenarios=label.scenarios,
            aliases=label.aliases,
            voice=label.voice,
            ucs=label.ucs,
            level=label.acoustics.level,
            parameters=label.recipe.parameters if label.recipe else {},
            fidelity=label.fidelity,
        )


class LabelList(View):
    """Labels, the best first."""

    data: list[LabelView]
