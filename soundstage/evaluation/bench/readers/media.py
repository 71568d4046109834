"""The films and sounds in a folder, found by the stems of their names."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Final

FILM_SUFFIXES: Final = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".ts")
SOUND_SUFFIXES: Final = (".wav", ".flac", ".mp3", ".ogg", ".aiff", ".aif")


class Media:
    """What lies in a folder and below it, by stem; of several files with one name, the best kind counts."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: looked through once, when first asked; one that is not there holds nothing."""
        self.folder = folder

    @property
    def films(self) -> tuple[Path, ...]:
        """All films, by name."""
        return tuple(self._films[stem] for stem in sorted(self._films))

    def film(self, stems: Iterable[str]) -> Path | None:
        """The film that has the first of these names that any has; a name may carry its suffix."""
        return _first(self._films, stems)

    def sound(self, stems: Iterable[str]) -> Path | None:
        """The sound file that has the first of these names that any has."""
        return _first(self._sounds, stems)

    def count(self, path: Path) -> int:
        """How many files have the name of this one: of more than one, nobody knows which is meant."""
        return self._counts[path.name]

    def relative(self, path: Path) -> str:
        """A path of a file in the folder, as an entry names it."""
        return path.relative_to(self.folder).as_posix()

    @cached_property
    def _films(self) -> dict[str, Path]:
        return _by_stem(self._files, FILM_SUFFIXES)

    @cached_property
    def _sounds(self) -> dict[str, Path]:
        return _by_stem(self._files, SOUND_SUFFIXES)

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(path.name for path in self._files)

    @cached_property
    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file()) if self.folder.is_dir() else []


def _by_stem(files: Iterable[Path], suffixes: tuple[str, ...]) -> dict[str, Path]:
    """The files with one of the suffixes; an earlier suffix outweighs a later one."""
    found = [path for path in files if path.suffix.lower() in suffixes and not path.name.startswith(".")]
    ranked = sorted(found, key=lambda path: suffixes.index(path.suffix.lower()), reverse=True)
    return {path.stem: path for path in ranked}


def _first(known: dict[str, Path], stems: Iterable[str]) -> Path | None:
    return next((known[stem] for stem in map(_stem, stems) if stem in known), None)


def _stem(name: str) -> str:
    path = Path(name)
    return path.stem if path.suffix.lower() in FILM_SUFFIXES + SOUND_SUFFIXES else path.name
