"""One sound label: what it is called, where it occurs, how it behaves and what can make it."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from soundstage.cuesheet import Layer, Lufs

NONE = "none"

# Kinds of sound that are made by one thing meeting another: they come where a movement ends.
_STRUCK = frozenset(
    {"impact", "bounce", "hammering", "clang", "knock", "thud", "clap", "kick", "blade", "door", "cut", "clink"}
    | {"breaking", "crash", "splat", "snap", "slap"}
)
# And those that go off by themselves: they come where something begins.
_BLAST = frozenset({"explosion", "gunfire", "thunder", "zap", "ignition"})


class Behaviour(StrEnum):
    """How a sound behaves in time."""

    STEADY = "steady"
    REPEATED = "repeated"
    SINGLE = "single"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Acoustics(_Entry):
    """What a good take of the label measures.

    At least 70 % of a take's energy lies in `low`..`high` Hz; its spectral centroid is near
    `centroid` Hz. `attack` and `decay` are seconds to the peak and from it down by 20 dB (0 for a
    steady sound). `level` is its typical loudness in a mix, in LUFS.
    """

    low: Annotated[float, Field(ge=15, le=20_000)]
    high: Annotated[float, Field(ge=30, le=24_000)]
    centroid: Annotated[float, Field(ge=20, le=20_000)]
    attack: Annotated[float, Field(ge=0, le=10)] = 0.0
    decay: Annotated[float, Field(ge=0, le=30)] = 0.0
    level: Lufs = -28.0


class Recipe(_Entry):
    """A procedural recipe by name, with the parameters that turn it into this label."""

    name: str
    parameters: dict[str, float] = Field(default_factory=dict)


class Label(_Entry):
    """One entry of the knowledge base.

    `made_by` names what can make it here: a recipe, recordings (from the user's library only), or
    neither. `fidelity` (0 to 1) says honestly how convincing the recipe is: the design prefers
    what can be made well. `voice` marks human voices, which are used only when the picture clearly
    has one. `vggsound` is the class name in VGGSound where the label is one of its classes.
    """

    name: str
    layer: Layer
    behaviour: Behaviour
    scenarios: tuple[str, ...]
    sources: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kind: str = ""
    voice: bool = False
    ucs: str | None = None
    vggsound: str | None = None
    acoustics: Acoustics
    recipe: Recipe | None = None
    fidelity: Annotated[float, Field(ge=0, le=1)] = 0.0

    @property
    def struck(self) -> bool:
        """Whether one thing meets another: it sounds where a movement ends, not where one begins."""
        return self.kind in _STRUCK

    @property
    def sudden(self) -> bool:
        """Whether it has no duration but its instants: without one it is not heard."""
        return self.behaviour is not Behaviour.STEADY and (self.kind in _STRUCK or self.kind in _BLAST)
