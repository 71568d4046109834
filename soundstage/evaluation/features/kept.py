"""Features that were extracted before: by what they are of and by what extracted them, never by name alone."""

import hashlib
import os
import threading
import zipfile
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from soundstage.cuesheet import digest
from soundstage.errors import StorageError
from soundstage.evaluation.features.extractor import Extractor, Takes
from soundstage.evaluation.features.item import Array, Features, Item, View

_VERSION: Final = 1
"""Of how features are extracted; raised when the same weights come to give other ones."""


class Kept:
    """A folder of features. Several processes may use it at once; what is damaged is as if it were not there."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: need not be there yet."""
        self._folder = folder

    def get(self, key: str) -> dict[str, Array] | None:
        """What is kept under a key, if anything is."""
        try:
            with np.load(self._place(key), allow_pickle=False) as held:
                return {name: held[name] for name in held.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def put(self, key: str, features: Features) -> None:
        """Keep features. Raises StorageError when they cannot be written."""
        path = self._place(key)
        aside = path.with_name(f".{path.stem}.{os.getpid()}-{threading.get_ident()}.npz")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                np.savez(file, allow_pickle=False, **dict(features))
            aside.replace(path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise StorageError(f"{path} cannot be written ({error.strerror}); free space.") from error

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.npz"


def key_of(item: Item, extractor: Extractor, view: View) -> str:
    """What an extractor's features of an item are kept under.

    Raises:
        StorageError: what it is extracted from cannot be read.
    """
    content = {
        Takes.SOUND: lambda: _digest(item.sound),
        Takes.FILM: lambda: _digest(item.film),
        Takes.WORDS: lambda: item.words,
    }[extractor.takes]()
    return digest([_VERSION, extractor.identity, extractor.name, asdict(view), round(item.seconds, 3), content])


def _digest(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        state = path.stat()
        return _digest_as_it_is(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check that it is there.") from error


@lru_cache(maxsize=4096)
def _digest_as_it_is(path: Path, size: int, changed: int) -> str:
    del size, changed  # they tell one state of the file from another
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
