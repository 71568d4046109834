"""One number that was measured: of what, how sure, and which way is better."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from soundstage.evaluation.cases import Record

Better = Literal["lower", "higher"]


class NotDefined(ValueError):
    """A metric has no value for what was given; the message says why."""


class Measure(Record):
    """A metric's value over a set of films, with its 95 % bootstrap interval where one was drawn.

    Without `value` the metric is not defined here, and `note` says why. `films` are the values of single films by
    the entry's id, where the metric has such; `count` is how many items (films, frames, windows) were measured.
    """

    name: Annotated[str, Field(min_length=1)]
    value: FiniteFloat | None
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    better: Better | None = None
    unit: str = ""
    count: Annotated[int, Field(ge=0)] = 0
    films: dict[str, FiniteFloat] = Field(default_factory=dict)
    note: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval needs both ends")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"an interval must run upwards, not from {self.low:g} to {self.high:g}")
        if self.value is None and not self.note:
            raise ValueError("a measure without a value must say why in its note")
        return self

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    def worst(self, most: int) -> tuple[str, ...]:
        """Ids of the films with the worst values, worst first; none where neither way is better."""
        if self.better is None:
            return ()
        ordered = sorted(self.films, key=lambda film: (self.films[film], film), reverse=self.better == "higher")
        return tuple(reversed(ordered))[:most]


def undefined(name: str, why: str, better: Better | None = None, unit: str = "", count: int = 0) -> Measure:
    """A measure that has no value here."""
    return Measure(name=name, value=None, better=better, unit=unit, count=count, note=why)


def finite(values: Mapping[str, float | None]) -> dict[str, float]:
    """Those films' values that are numbers."""
    return {film: value for film, value in values.items() if value is not None and math.isfinite(value)}
