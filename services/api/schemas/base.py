"""What all schemas share."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

# Postgres keeps no NUL, and nobody means one.
NO_NUL = r"^[^\x00]*$"


def _in_reach(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 9000:
        raise ValueError("the year is out of reach; give one between 2000 and 9000")
    return moment


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
