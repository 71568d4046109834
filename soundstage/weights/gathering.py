"""Taking models from a folder, on machines that reach no network: linked where the disk allows it, else copied."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from soundstage.errors import BadModel, MissingPart, StorageError
from soundstage.weights import licences
from soundstage.weights.card import ModelCard, ModelFile
from soundstage.weights.digests import digests, mismatch
from soundstage.weights.pulling import Pulled, Watch
from soundstage.weights.record import read_record
from soundstage.weights.shelf import Shelf, fits


def gather(cards: Sequence[ModelCard], folder: Path, shelf: Shelf, watch: Watch) -> tuple[Pulled, ...]:
    """Take models from a folder: another shelf, a checkout's folder of weights, or one model's own folder.

    A file is looked for at its path in the folder, in a folder of the model's name there, then anywhere below by its
    name.

    Raises:
        BadOption: a licence is not accepted.
        MissingPart: the folder lacks a file.
        BadModel: a file is not what was published.
        StorageError: a file cannot be read or written.
    """
    licences.demand(shelf, cards)
    if not folder.is_dir():
        raise StorageError(f"{folder} is not a folder; check the path.")
    taken = [card for card in cards if not (shelf.has(card) and shelf.record(card).listed)]
    found = {card: _found(card, folder) for card in taken}
    return tuple(_take_all(card, files, folder, shelf, watch) for card, files in found.items())


def _found(card: ModelCard, folder: Path) -> dict[ModelFile, Path]:
    """The files of a card and where they lie; checks that none is missing before any is copied."""
    found = {file: _search(file.path, card, folder) for file in card.files}
    return found | _in_repository(card, folder)


def _search(path: str, card: ModelCard, folder: Path) -> Path:
    for place in (folder / card.name / path, folder / path):
        if place.is_file():
            return place
    named = [each for each in folder.rglob(Path(path).name) if each.is_file()]
    if len(named) != 1:
        fault = "is not in" if not named else "is in several places of"
        raise MissingPart(f"{path} of {card.name} {fault} {folder}; put it into {folder / card.name}.")
    return named[0]


def _in_repository(card: ModelCard, folder: Path) -> dict[ModelFile, Path]:
    if card.repository is None:
        return {}
    for place in (folder / card.name, folder / card.repository.name.partition("/")[2], folder):
        paths = [path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()]
        if all(any(fits(path, [pattern]) for path in paths) for pattern in card.repository.patterns):
            wanted = (*card.repository.patterns, *card.repository.extras)
            return {ModelFile(path, ""): place / path for path in paths if fits(path, wanted)}
    lacking = ", ".join(card.repository.patterns)
    raise MissingPart(f"{card.name} is not in {folder}: it needs {lacking}; put them into {folder / card.name}.")


def _take_all(card: ModelCard, files: dict[ModelFile, Path], folder: Path, shelf: Shelf, watch: Watch) -> Pulled:
    listed: dict[str, int | None] = {file.path: source.stat().st_size for file, source in files.items()}
    shelf.note(card, replace(shelf.record(card), listed=listed, files={}, folder=None))
    seen = read_record(folder / ".records" / f"{card.name}.json").files  # of another shelf
    for file, source in files.items():
        kept = digests(source)
        problem = mismatch(file, kept)
        if not problem and file.path in seen and seen[file.path].sha256 != kept.sha256:
            problem = "it has changed since it was pulled there"
        if problem:
            raise BadModel(f"{source} is not what was published: {problem}; get it again.")
        _take(source, shelf.folder / card.name / file.path)
        shelf.note(card, shelf.record(card).with_file(file.path, kept))
        watch(card, file.path, kept.size, kept.size)
    return Pulled(card.name, tuple(sorted(file.path for file in files)), 0)


def _take(source: Path, target: Path) -> None:
    if target.exists() and target.samefile(source):
        return
    aside = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.unlink(missing_ok=True)
        try:
            os.link(source.resolve(), aside)
        except OSError:  # another disk, or one without links
            shutil.copyfile(source, aside)
        aside.replace(target)
    except OSError as error:
        raise StorageError(f"{target} cannot be written ({error.strerror}); check the folder and the space.") from error
