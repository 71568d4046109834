"""Whether the files on the shelf are what they should be."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from soundstage.weights.card import ModelCard, ModelFile
from soundstage.weights.digests import digests
from soundstage.weights.record import Kept
from soundstage.weights.shelf import Shelf


class State(StrEnum):
    """How a file is."""

    OK = "ok"
    MISSING = "missing"
    WRONG_SIZE = "wrong size"
    WRONG_DIGEST = "wrong digest"


@dataclass(frozen=True)
class Checked:
    """A file, how it is, and what it was compared with."""

    path: str
    state: State
    against: str

    @property
    def is_good(self) -> bool:
        """Whether it can be used."""
        return self.state is State.OK


def verify(card: ModelCard, shelf: Shelf) -> tuple[Checked, ...]:
    """Read every file of a model and compare it with what is published, else with what came when it was pulled.

    Raises:
        StorageError: a file cannot be read.
    """
    place, kept = shelf.place(card), shelf.record(card).files
    published = {file.path: file for file in card.files}
    paths = sorted({*published, *kept, *shelf.unlisted(card)})
    found = tuple(_check(place / path, published.get(path) or ModelFile(path, ""), kept.get(path)) for path in paths)
    absent = tuple(Checked(path, State.MISSING, "-") for path in shelf.lacking(card) if path not in paths)
    return found + absent


def _check(path: Path, file: ModelFile, kept: Kept | None) -> Checked:
    if not path.is_file():
        return Checked(file.path, State.MISSING, "-")
    size = file.size if file.size is not None else (kept.size if kept else None)
    if size is not None and path.stat().st_size != size:
        return Checked(file.path, State.WRONG_SIZE, f"{size} bytes, has {path.stat().st_size}")
    wanted, name, against = _expected(file, kept)
    if not wanted:
        return Checked(file.path, State.OK, "its size" if size is not None else "nothing: no size or digest is known")
    good = getattr(digests(path), name) == wanted
    return Checked(file.path, State.OK if good else State.WRONG_DIGEST, against)


def _expected(file: ModelFile, kept: Kept | None) -> tuple[str, str, str]:
    """The digest expected, its kind, and whose word it is; the first empty where there is none."""
    if file.sha256:
        return file.sha256, "sha256", "SHA-256 as published"
    if file.md5:
        return file.md5, "md5", "MD5 as published"
    if kept:
        return kept.sha256, "sha256", "SHA-256 as pulled"
    return "", "", ""
