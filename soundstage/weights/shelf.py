"""Where models lie on this machine: a folder for each, and a record of what came into it."""

import fnmatch
import hashlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from soundstage.errors import MissingPart, StorageError
from soundstage.weights.card import ModelCard
from soundstage.weights.record import Record, read_record, write_record
from soundstage.weights.settings import model_settings

_PART = ".part"


class Shelf:
    """The models in one folder. Reading it changes nothing; several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: holds one folder a model, named after its card; need not be there yet."""
        self.folder = folder

    @classmethod
    def open(cls) -> "Shelf":
        """The shelf that the settings name. Raises BadOption when they make no sense."""
        return cls(model_settings().folder)

    def place(self, card: ModelCard) -> Path:
        """The folder where a card's files lie, or would lie."""
        elsewhere = self.record(card).folder
        return Path(elsewhere) if elsewhere else self.folder / card.name

    def demand(self, card: ModelCard) -> Path:
        """The folder of a model that has to be there.

        Raises:
            MissingPart: it is not, or not whole; says how to get it.
        """
        if not self.has(card):
            raise MissingPart(f"The model {card.name} is not here; fetch it with: soundstage models pull {card.name}.")
        return self.place(card)

    def has(self, card: ModelCard) -> bool:
        """Whether all of a card's own files are there, in their sizes where those are known; digests: `verify`."""
        return not self.lacking(card)

    def has_begun(self, card: ModelCard) -> bool:
        """Whether anything of a model is here, if not all."""
        return self.has(card) or bool(self.record(card).listed) or any(_files(self.place(card)))

    def whole(self, cards: Iterable[ModelCard]) -> bool:
        """Whether all these are there: a model and what it needs, as `catalogue().needed(card)` lists them."""
        return all(self.has(card) for card in cards)

    def lacking(self, card: ModelCard) -> tuple[str, ...]:
        """The files of a card that are not there, or not in their size."""
        place, record = self.place(card), self.record(card)
        sizes = {file.path: file.size for file in card.files} | record.listed
        sizes |= {path: one.size for path, one in record.files.items()}
        lacking = [path for path, size in sizes.items() if not _is_there(place / path, size)]
        return (*lacking, *self._unmatched(card, place))

    def record(self, card: ModelCard) -> Record:
        """What is noted of a model. Raises StorageError when the note is damaged."""
        return read_record(self._note(card))

    def note(self, card: ModelCard, record: Record) -> None:
        """Keep what there is to know of a model. Raises StorageError when it cannot be written."""
        write_record(self._note(card), record)

    def use(self, card: ModelCard, folder: Path) -> None:
        """Let a model's files stay where the user has them; nothing is copied, nothing there is changed.

        Raises:
            StorageError: the folder does not hold them.
        """
        here = folder.expanduser().absolute()
        self.note(card, replace(self.record(card), folder=str(here), files={}, listed={}))
        if lacking := self.lacking(card):
            self.note(card, replace(self.record(card), folder=None))
            raise StorageError(f"{here} is not {card.name}: it lacks {', '.join(lacking[:3])}; check the folder.")

    def remove(self, card: ModelCard) -> int:
        """Delete a model's files, and forget where a folder of the user's is; the licence stays accepted.

        Returns:
            Bytes that became free.
        """
        own, record = self.folder / card.name, self.record(card)
        free = 0 if own.is_symlink() else _size(own)
        try:
            if own.is_symlink():
                own.unlink()
            elif own.is_dir():
                shutil.rmtree(own)
        except OSError as error:
            raise StorageError(f"{own} cannot be deleted ({error.strerror}); check its permissions.") from error
        if record != Record():
            self.note(card, replace(record, folder=None, files={}, listed={}))
        return free

    def size(self, card: ModelCard) -> int:
        """Bytes that a model takes on the disk, unfinished files included."""
        return _size(self.place(card))

    def identity(self, card: ModelCard) -> str:
        """A short name of the very weights that lie here: part of the key of every take made with them."""
        kept = self.record(card).files
        # What was only published says nothing of a file that nobody has compared with it.
        known = dict.fromkeys((*(file.path for file in card.files), *self.unlisted(card)))
        known |= {path: one.sha256 for path, one in kept.items()}
        place = self.place(card)
        lines = sorted(f"{path} {digest or _stamp(place / path)}" for path, digest in known.items())
        return f"{card.name}@{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:12]}"

    def identities(self, cards: Iterable[ModelCard]) -> str:
        """The same of several that work together."""
        return "+".join(self.identity(card) for card in cards)

    def unlisted(self, card: ModelCard) -> tuple[str, ...]:
        """Files of a repository that lie here without a record of how they came, as in a folder of the user's."""
        if card.repository is None or self.record(card).listed:
            return ()
        place, wanted = self.place(card), (*card.repository.patterns, *card.repository.extras)
        here = (path.relative_to(place).as_posix() for path in _files(place))
        return tuple(sorted(path for path in here if fits(path, wanted)))

    def _unmatched(self, card: ModelCard, place: Path) -> Iterator[str]:
        """Patterns of a repository that no file here fits; once it was pulled, `listed` names its files."""
        if card.repository is None or self.record(card).listed:
            return
        here = [path.relative_to(place).as_posix() for path in _files(place)]
        for pattern in card.repository.patterns:
            if not any(fits(path, [pattern]) for path in here):
                yield pattern

    def _note(self, card: ModelCard) -> Path:
        return self.folder / ".records" / f"{card.name}.json"


def state_of(*places: Path) -> str:
    """A short name of files, or of all in folders, as they are now: another one when any of them was written anew."""
    files = sorted(file for place in places for file in (place, *_files(place)))
    stamps = [f"{file} {_stamp(file)}" for file in files]
    return hashlib.sha256("\n".join(stamps).encode()).hexdigest()[:12]


def fits(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path within a model's folder fits one of some shell patterns."""
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _stamp(path: Path) -> str:
    status = path.stat() if path.is_file() else None
    return f"{status.st_size} {status.st_mtime_ns}" if status else "absent"


def _is_there(path: Path, size: int | None) -> bool:
    return path.is_file() and (size is None or path.stat().st_size == size)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and path.suffix != _PART)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
