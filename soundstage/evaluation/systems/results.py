"""What a system left behind for a bench: one soundtrack a film, and all that is needed to make it again.

Paths are relative to the folder that `results.json` lies in.
"""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue, PrivateAttr

from soundstage.cuesheet import Seconds
from soundstage.evaluation.bench.entries import Entry, EntryId
from soundstage.evaluation.cases import Record
from soundstage.evaluation.documents import RelativePath, read_document, write_document

RESULTS_FILE: Final = "results.json"
SCHEMA_VERSION: Final = 1


class Result(Record):
    """The soundtrack of one film: a sound file of any rate, or a film whose track it is.

    `joins` are the instants (s) at which windows were put together, `seconds` the wall time it took.
    """

    entry: EntryId
    sound: RelativePath
    joins: tuple[Seconds, ...] = ()
    seconds: Seconds = 0.0


class Failure(Record):
    """A film that a system made no soundtrack for, and why, in one sentence."""

    entry: EntryId
    reason: str


class Results(Record):
    """All that a system made for a bench. `about` holds versions, seeds, options and digests."""

    schema_version: Literal[1] = SCHEMA_VERSION
    system: Annotated[str, Field(min_length=1, max_length=200)]
    bench: str = ""
    about: dict[str, JsonValue] = Field(default_factory=dict)
    results: tuple[Result, ...] = ()
    failures: tuple[Failure, ...] = ()

    _folder: Path = PrivateAttr(default=Path())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The results in a folder. Raises StorageError without `results.json`, BadBench where it is not valid."""
        return read_document(folder / RESULTS_FILE, cls).at(folder)

    @property
    def folder(self) -> Path:
        """What the paths of the results are relative to."""
        return self._folder

    def at(self, folder: Path) -> Self:
        """The same results, in a folder."""
        moved = self.model_copy()
        moved._folder = folder
        return moved

    def save(self, folder: Path) -> Self:
        """Write `results.json` into a folder; returns the results as they lie there. Raises StorageError."""
        write_document(folder / RESULTS_FILE, self)
        return self.at(folder)

    def result_of(self, entry: Entry) -> Result | None:
        """What was made for an entry, if anything was."""
        return next((result for result in self.results if result.entry == entry.id), None)

    def sound_of(self, entry: Entry) -> Path | None:
        """The file that holds the soundtrack for an entry, if one was made."""
        result = self.result_of(entry)
        return None if result is None else self._folder / result.sound
