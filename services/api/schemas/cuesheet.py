"""What the agents said, as it is told; the cue sheet itself is the engine's document."""

from pydantic import Field

from services.api.schemas.base import Moment, View
from services.backbone.ledger.tables import Turn


class TurnView(View):
    """One thing said by an agent, or one question asked of a model with what came of it."""

    position: int
    role: str = Field(description="storyboarder, scriptwriter, designer or synthesizer")
    text: str = Field(description="What was said; of a model its answer as JSON, and why there is none")
    model: str | None = Field(
        description="The model that was asked, or `house` where it stood in; null for what was said in the studio"
    )
    prompt_version: str | None = Field(description="The prompt that it was asked with, and its version")
    tokens_in: int | None
    tokens_out: int | None
    cost: float | None = Field(description="In US dollars; null where the model's price is not known")
    seconds: float | None
    at: Moment

    @classmethod
    def of(cls, row: Turn) -> "TurnView":
        """As the ledger has it."""
        return cls(
            position=row.position,
            role=row.role,
            text=row.text,
            model=row.model,
            prompt_version=row.prompt_version,
            tokens_in=row.tokens_in,
            tokens_out=row.tokens_out,
            cost=row.cost,
            seconds=row.seconds,
            at=row.created_at,
        )


class Conversation(View):
    """What the agents said, in order."""

    data: list[TurnView]
    has_more: bool = Field(description="Whether more was said: ask again with `after` the position of the last")
