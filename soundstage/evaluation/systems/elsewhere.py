"""Results that were made elsewhere: a folder of soundtracks, or of films with them, named as the films are."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from soundstage.errors import BadSound
from soundstage.evaluation.bench.entries import Entry
from soundstage.evaluation.systems.lengths import borders, seconds_of
from soundstage.evaluation.systems.results import Result
from soundstage.seals import seal

SUFFIXES: Final = (".wav", ".flac", ".mp3", ".ogg", ".aiff", ".mp4", ".mov", ".mkv", ".webm")
"""What a soundtrack may lie in; of several with one name, the first of these is taken."""


@dataclass(frozen=True)
class FolderSystem:
    """Takes the soundtracks that lie in a folder. `joins_every` tells where they were put together, in seconds."""

    folder: Path
    called: str | None = None
    joins_every: float | None = None

    @property
    def name(self) -> str:
        """The folder's name, or what it was called."""
        return self.called or self.folder.resolve().name

    @property
    def apart(self) -> bool:
        """Nothing is worked on."""
        return False

    def about(self) -> Mapping[str, JsonValue]:
        """Where the results come from, and what their files are."""
        files = {path.name: seal(path)["sha256"] for path in self._files()}
        return {"system": "elsewhere", "folder": self.folder.name, "joins_every": self.joins_every, "files": {**files}}

    def sound_of(self, entry: Entry, film: Path, folder: Path) -> Result:
        """The file that is named as the entry, or as its film, is. Raises BadSound where there is none."""
        held = {(path.stem, path.suffix.lower()): path for path in self._files()}
        for name in product(dict.fromkeys((entry.id, Path(entry.film).stem)), SUFFIXES):
            if name in held:
                return Result(entry=entry.id, sound=_relative(held[name], folder), joins=self._joins(film))
        raise BadSound(f"{self.folder} holds no soundtrack named {entry.id}; it should end in {', '.join(SUFFIXES)}.")

    def _joins(self, film: Path) -> tuple[float, ...]:
        return borders(seconds_of(film), self.joins_every)[1:-1] if self.joins_every is not None else ()

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
