"""The benchmark's document: films with their reference sound, captions, categories and known events.

Times are seconds from the film's first picture. Paths are relative to the folder that `bench.json` lies in.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from soundstage.cuesheet import Seconds
from soundstage.errors import BadBench
from soundstage.evaluation.cases import Record
from soundstage.evaluation.documents import RelativePath, read_document, write_document

BENCH_FILE: Final = "bench.json"
SCHEMA_VERSION: Final = 1
CATEGORIES: Final = (
    "war and gunfire",
    "machines",
    "cooking",
    "transportation",
    "animals",
    "natural scenes",
    "sports",
    "cityscape",
    "comic fighting",
    "science fiction",
)
"""The ten video categories that LVAS-Bench was published with; others are allowed, and noted when checked."""

_LONGEST_ID: Final = 200  # bytes in UTF-8: what is named by it has suffixes, and file systems take 255


def _fits_a_name(id: str) -> str:
    if len(id.encode()) > _LONGEST_ID:
        raise ValueError(f"an id may have {_LONGEST_ID} bytes in UTF-8 at most")
    return id


EntryId = Annotated[
    str, Field(pattern=r'^[^./\\:*?"<>|\x00-\x1f][^/\\:*?"<>|\x00-\x1f]{0,199}$'), AfterValidator(_fits_a_name)
]
Label = Annotated[str, Field(min_length=1, max_length=200)]


class Span(Record):
    """What is seen or heard between two instants (s)."""

    start: Seconds
    end: Seconds
    text: Annotated[str, Field(max_length=5000)]

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"a span must end after it starts, not run from {self.start:g} to {self.end:g} s")
        return self


class Event(Record):
    """An instant (s) at which something is exactly known to sound, and what: a label of the knowledge base."""

    time: Seconds
    label: Label | None = None


class Entry(Record):
    """One film of a benchmark. `id` names all that is made of it, so it can be the stem of a file.

    Without `sound` the film's own track is the reference. `scenes` are the instants (s) between scenes.
    """

    id: EntryId
    film: RelativePath
    sound: RelativePath | None = None
    captions: tuple[Span, ...] = ()
    description: Annotated[str, Field(max_length=20000)] = ""
    categories: tuple[Label, ...] = ()
    events: tuple[Event, ...] = ()
    scenes: tuple[Seconds, ...] = ()


class Bench(Record):
    """A benchmark: what it is, where it is from, and its films.

    A bench knows the folder it was loaded from or put `at`; `film_of` and `sound_of` give paths in there.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    name: Annotated[str, Field(min_length=1, max_length=200)]
    about: str = ""
    source: str = ""
    entries: tuple[Entry, ...] = ()

    _folder: Path | None = PrivateAttr(default=None)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The bench of a folder.

        Raises:
            StorageError: the folder has no `bench.json`, or it cannot be read.
            BadBench: it breaks the schema; the message says where.
        """
        return read_document(folder / BENCH_FILE, cls).at(folder)

    @property
    def folder(self) -> Path:
        """What the paths of the entries are relative to."""
        return self._folder or Path()

    def at(self, folder: Path) -> Self:
        """The same bench, in a folder."""
        moved = self.model_copy()
        moved._folder = folder
        return moved

    def save(self, folder: Path) -> Self:
        """Write `bench.json` into a folder; the paths of a bench from another folder are made to lead there.

        Returns:
            The bench as it lies there.

        Raises:
            StorageError: it cannot be written.
        """
        moved = self if self._folder is None else self._seen_from(folder)
        write_document(folder / BENCH_FILE, moved)
        return moved.at(folder)

    def entry(self, id: str) -> Entry:
        """The entry of that id. Raises BadBench where there is none."""
        for entry in self.entries:
            if entry.id == id:
                return entry
        raise BadBench(f"The bench {self.name!r} has no entry {id!r}; see the ids in its {BENCH_FILE}.")

    def film_of(self, entry: Entry) -> Path:
        """Where the film of an entry lies."""
        return self.folder / entry.film

    def sound_of(self, entry: Entry) -> Path:
        """The file whose sound is the reference: a sound file, or the film itself."""
        return self.folder / (entry.sound or entry.film)

    def _seen_from(self, folder: Path) -> Self:
        def led(path: str) -> str:
            return Path(os.path.relpath((self.folder / path).resolve(), folder.resolve())).as_posix()

        if self.folder.resolve() == folder.resolve():
            return self
        entries = (
            entry.model_copy(update={"film": led(entry.film), "sound": led(entry.sound) if entry.sound else None})
            for entry in self.entries
        )
        return self.model_copy(update={"entries": tuple(entries)})


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `bench.json`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Bench.model_json_schema()}
