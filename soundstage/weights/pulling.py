"""Bringing models onto the shelf: from where they are published, or from a folder."""

import contextlib
import fcntl
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from soundstage.errors import BadOption, StorageError
from soundstage.weights import licences
from soundstage.weights.card import ModelCard, ModelFile
from soundstage.weights.digests import digests, mismatch
from soundstage.weights.fetching import Fetcher
from soundstage.weights.hub import Hub
from soundstage.weights.partfile import Part
from soundstage.weights.record import Kept
from soundstage.weights.settings import ModelSettings
from soundstage.weights.shelf import Shelf

_SPARE = 256 << 20  # bytes to leave free on the disk


class Watch(Protocol):
    """Is told how pulling goes on."""

    def __call__(self, card: ModelCard, path: str, done: int, total: int | None) -> None:
        """So many bytes of a file are there; `total` where it is known."""
        ...


@dataclass(frozen=True)
class Pulled:
    """What pulling a model did: the files it has now, and how many bytes were fetched for that."""

    model: str
    files: tuple[str, ...]
    fetched: int


def pull(
    cards: Sequence[ModelCard],
    shelf: Shelf,
    settings: ModelSettings,
    watch: Watch,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[Pulled, ...]:
    """Fetch what is missing of these models. Whatever interrupts it, the next call goes on from there.

    Args:
        cards: the models, with what they need.
        shelf: where they go.
        settings: a mirror and a token, if any.
        watch: is told of progress.
        pause: waits for some seconds, between tries.

    Raises:
        BadOption: a licence is not accepted, or another process pulls one of them.
        ModelRefused: a service does not have a file, or not for us.
        ModelAway: a service cannot be reached.
        BadModel: what came is not what was published.
        StorageError: there is no room, or a file cannot be written.
    """
    licences.demand(shelf, cards)
    hub = Hub(settings)
    with contextlib.ExitStack() as stack:
        fetcher = stack.enter_context(Fetcher(hub.headers, pause))
        for card in cards:
            stack.enter_context(_held(shelf, card))
        wanted = {card: _missing(card, shelf, hub, fetcher) for card in cards}
        _check_room(shelf.folder, sum(_to_come(card, files, shelf) for card, files in wanted.items()))
        return tuple(_pull_one(card, files, shelf, fetcher, watch) for card, files in wanted.items())


def _missing(card: ModelCard, shelf: Shelf, hub: Hub, fetcher: Fetcher) -> tuple[ModelFile, ...]:
    """The files still to come; notes which belong to the model. A model that is whole asks nobody."""
    record = shelf.record(card)
    if shelf.has(card) and (record.listed or record.folder):
        return ()
    files = hub.files(card, fetcher)
    shelf.note(card, replace(record, listed={file.path: file.size for file in files}, folder=None))
    lacking = shelf.lacking(card)
    return tuple(file for file in files if file.path in lacking or file.path not in record.files)


def _to_come(card: ModelCard, files: Sequence[ModelFile], shelf: Shelf) -> int:
    place = shelf.place(card)
    return sum(max(0, (file.size or 0) - Part.waiting(place / file.path)) for file in files)


def _pull_one(card: ModelCard, files: Sequence[ModelFile], shelf: Shelf, fetcher: Fetcher, watch: Watch) -> Pulled:
    place, fetched = shelf.place(card), 0
    for file in files:

        def moved(done: int, file: ModelFile = file) -> None:
            watch(card, file.path, done, file.size)

        kept = _adopted(file, place / file.path)
        if kept is None:
            kept = fetcher.fetch(file, place / file.path, card.page, moved)
            fetched += kept.size
        shelf.note(card, shelf.record(card).with_file(file.path, kept))
    return Pulled(card.name, tuple(sorted(shelf.record(card).files)), fetched)


def _adopted(file: ModelFile, path: Path) -> Kept | None:
    """What somebody put in its place by hand, if it is what was published."""
    if not path.is_file():
        return None
    kept = digests(path)
    return None if mismatch(file, kept) else kept


def _check_room(folder: Path, needed: int) -> None:
    if not needed:
        return
    free = shutil.disk_usage(_nearest(folder)).free
    if free < needed + _SPARE:
        raise StorageError(
            f"{folder} has room for {free / 1e9:.1f} GB where {needed / 1e9:.1f} GB are to come; "
            "free some, or set SOUNDSTAGE_MODELS to a folder with more."
        )


def _nearest(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.is_dir())


@contextlib.contextmanager
def _held(shelf: Shelf, card: ModelCard) -> Iterator[None]:
    """Hold a model for one process that pulls it."""
    path = shelf.folder / ".records" / f"{card.name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise StorageError(f"{path.parent} cannot be written ({error.strerror}); check the folder.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadOption(f"Another process is pulling {card.name}; wait for it to end.") from error
        yield
