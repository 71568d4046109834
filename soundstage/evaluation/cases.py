"""What all benchmarks share: their cases as data, in two parts."""

from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict

_DATA = Path(__file__).parent / "data"
_Kind = TypeVar("_Kind", bound="Case")


class Part(StrEnum):
    """Which cases may be looked at when a cast is worked on: the tuned ones, never those held out."""

    TUNED = "tuned"
    HELD_OUT = "held-out"
    ALL = "all"

    def holds(self, case: "Case") -> bool:
        """Whether the case lies in this part."""
        return self is Part.ALL or self is case.part


class Record(BaseModel):
    """A checked, unchanging piece of a data file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Case(Record):
    """One question with a known answer; its `part` was decided before anyone had answered it."""

    part: Part


def read_cases(file: str, kind: type[_Kind]) -> tuple[_Kind, ...]:
    """The cases of a data file of this package, in order.

    Raises:
        pydantic.ValidationError: a case breaks the rules of its kind.
    """
    book = yaml.load((_DATA / file).read_text(encoding="utf-8"), yaml.CSafeLoader)
    return tuple(kind.model_validate(case) for case in book)
