"""What all schemas share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

# Postgres keeps no NUL, and nobody means one.
NO_NUL = r"^[^\x00]*$"


# Beyond these a time cannot be told in every zone.
_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)


def _in_reach(moment: datetime) -> datetime:
    return min(max(moment, _FIRST), _LAST)


Moment = Annotated[AwareDatetime, AfterValidator(_in_reach)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]
Sha256 = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="SHA-256 in hexadecimal digits, lower case")
]


class Body(BaseModel):
    """What a client sends: a member that we do not know is a mistake, and is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True)
