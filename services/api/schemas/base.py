"""What all schemas share."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

# Postgres keeps no NUL, and nobody means one.
NO_NUL = r"^[^\x00]*$"


_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
# Beyond these a time cannot be told in every zone.
_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)


def _told_as_rfc_3339(value: object) -> object:
    """Pydantic would take numbers and dates for times, too."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        raise ValueError("write the time as RFC 3339 has it, such as 2030-01-31T12:00:00Z")
    return value


def _in_reach(moment: datetime) -> datetime:
    return min(max(moment, _FIRST), _LAST)


Moment = Annotated[AwareDatetime, BeforeValidator(_told_as_rfc_3339), AfterValidator(_in_reach)]
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
