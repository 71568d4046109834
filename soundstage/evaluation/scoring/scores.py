"""The document of scores: what each system reached on a bench, and all that is needed to reach it again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue

from soundstage.cuesheet import Seconds
from soundstage.evaluation.cases import Record
from soundstage.evaluation.documents import read_document, write_document
from soundstage.evaluation.metrics.measure import Measure
from soundstage.evaluation.systems.results import Failure

SCORES_FILE: Final = "scores.json"
REFERENCE: Final = "reference"
"""What the reference is called where it is measured as a system is."""

SCHEMA_VERSION: Final = 1

Measures = tuple[Measure, ...]


class LeftOut(Record):
    """Metrics that were not measured: why, and how to get them, in one sentence."""

    metrics: Annotated[tuple[str, ...], Field(min_length=1)]
    why: Annotated[str, Field(min_length=1)]


class SystemScores(Record):
    """One system's measures, over all films, and over those of each category.

    `legacy` are those that look at the beginning only, as the published tools do. `digest` is that of the system's
    results and of their sound; `seconds` the wall time that making them took.
    """

    system: Annotated[str, Field(min_length=1, max_length=200)]
    about: dict[str, JsonValue] = Field(default_factory=dict)
    digest: str = ""
    seconds: Seconds = 0.0
    films: Annotated[int, Field(ge=0)] = 0
    failures: tuple[Failure, ...] = ()
    measures: Measures = ()
    legacy: Measures = ()
    categories: dict[str, Measures] = Field(default_factory=dict)

    def measure(self, name: str) -> Measure | None:
        """The measure of that name, if it was taken."""
        return named(self.measures).get(name)


class Scores(Record):
    """What was measured on a bench. `films` and `duration` (s) are those of the bench.

    `reference` is what the reference itself reaches, as if it were a system's: no system need reach more.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    bench: str
    digest: str = ""
    films: Annotated[int, Field(ge=0)] = 0
    duration: Seconds = 0.0
    seed: int = 0
    resamples: int = 0
    versions: dict[str, str] = Field(default_factory=dict)
    systems: tuple[SystemScores, ...] = ()
    reference: SystemScores | None = None
    left_out: tuple[LeftOut, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The scores in a folder. Raises StorageError without `scores.json`, BadBench where it is not valid."""
        return read_document(folder / SCORES_FILE, cls)

    def save(self, folder: Path) -> Self:
        """Write `scores.json` into a folder. Raises StorageError."""
        write_document(folder / SCORES_FILE, self)
        return self

    def names(self) -> tuple[str, ...]:
        """Names of all measures that some system has a value of, in the order they were taken."""
        return tuple(dict.fromkeys(each.name for s in self.systems for each in s.measures if each.defined))


def named(measures: Measures) -> Mapping[str, Measure]:
    """Measures by their names."""
    return {measure.name: measure for measure in measures}
