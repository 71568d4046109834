"""What a listening test is made of: its trials, the key that tells who made what, and listeners' answers."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from soundstage.cuesheet import Seconds
from soundstage.evaluation.bench.entries import EntryId
from soundstage.evaluation.cases import Record

FOLDER: Final = "listening"
KEY_FILE: Final = "listening-key.json"
"""Lies beside the test's folder, not in it: who hands the folder on must not hand on the key."""

REFERENCE: Final = "hidden reference"
ANCHOR: Final = "low anchor"
SCHEMA_VERSION: Final = 1

Blind = Annotated[str, Field(pattern=r"^[A-Z]$")]
TrialId = Annotated[str, Field(pattern=r"^t[0-9]{2,4}$")]
Rating = Annotated[int, Field(ge=1, le=5)]


class Scale(StrEnum):
    """What a listener is asked, 1 (bad) to 5 (excellent), as in the user study of the paper."""

    QUALITY = "quality"
    CONSISTENCY = "consistency"
    OVERALL = "overall"


ASKED: Final[Mapping[Scale, str]] = {
    Scale.QUALITY: "How good does it sound?",
    Scale.CONSISTENCY: "Does it fit what you see, in time?",
    Scale.OVERALL: "How satisfied are you, all in all?",
}


class Trial(Record):
    """One film, from an instant on for some seconds, and which system hides behind each letter."""

    id: TrialId
    film: EntryId
    start: Seconds
    seconds: Seconds
    systems: dict[Blind, str]


class Key(Record):
    """Who made what: kept by the one who runs the test. `test` is the id that answers carry."""

    schema_version: Literal[1] = SCHEMA_VERSION
    test: str
    bench: str
    seed: int
    trials: tuple[Trial, ...]


class Rated(Record):
    """One listener's word on one sound of one trial; `heard` is how many seconds of it played."""

    trial: TrialId
    label: Blind
    quality: Rating
    consistency: Rating
    overall: Rating
    heard: Seconds = 0.0

    def of(self, scale: Scale) -> int:
        """The rating on a scale."""
        return int(getattr(self, scale.value))


class Answers(Record):
    """All that one listener said, as the page saves it."""

    schema_version: Literal[1] = SCHEMA_VERSION
    test: str
    listener: Annotated[str, Field(min_length=1, max_length=200)]
    finished: str = ""
    remarks: Annotated[str, Field(max_length=5000)] = ""
    ratings: tuple[Rated, ...] = ()
