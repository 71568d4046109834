"""Small files that must appear whole, and that nobody else may read."""

import os
from pathlib import Path

from soundstage.errors import StorageError


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; it appears whole or not at all.

    Raises:
        StorageError: the folder cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        aside.replace(path)
    except OSError as error:
        raise cannot_write(path.parent, error) from error


def make_folder(path: Path, mode: int = 0o700) -> Path:
    """Make a folder with these permissions, and its parents, where it is not there yet.

    Raises:
        StorageError: it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=mode, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


def cannot_write(path: Path, error: OSError) -> StorageError:
    """The sentence for a folder that refuses."""
    return StorageError(f"{path} cannot be written ({error.strerror}); name another folder with --data.")
