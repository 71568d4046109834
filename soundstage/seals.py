"""Seals: whether a finished file is still what was written, or was cut short, changed or lost since."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from soundstage.errors import StorageError

Seal = dict[str, int | str]


def seal(path: Path) -> Seal:
    """Size, time and SHA-256 of a finished file. Raises StorageError when it cannot be read."""
    try:
        return {**_stamp(path), "sha256": _digest(path)}
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error


def is_whole(path: Path, sealed: object) -> bool:
    """Whether the file is what was sealed; its bytes are looked at only where its time differs, as in a copy."""
    if not isinstance(sealed, Mapping):
        return False
    try:
        stamp = _stamp(path)
        if stamp["bytes"] != sealed.get("bytes"):
            return False
        return stamp["mtime_ns"] == sealed.get("mtime_ns") or _digest(path) == sealed.get("sha256")
    except OSError:
        return False


def _stamp(path: Path) -> Seal:
    status = path.stat()
    return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
