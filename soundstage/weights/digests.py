"""Digests of files, and whether they are those that were published."""

import hashlib
from pathlib import Path

from soundstage.errors import StorageError
from soundstage.weights.card import ModelFile
from soundstage.weights.record import Kept

_CHUNK = 1 << 22


def digests(path: Path) -> Kept:
    """Size and digests of a file. Raises StorageError when it cannot be read."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                sha256.update(chunk)
                md5.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    return Kept(size, sha256.hexdigest(), md5.hexdigest())


def mismatch(file: ModelFile, kept: Kept) -> str:
    """In what a file differs from what is published of it; empty where in nothing."""
    if file.size is not None and kept.size != file.size:
        return f"it has {kept.size} bytes where {file.size} were expected"
    if file.sha256 and kept.sha256 != file.sha256:
        return f"its SHA-256 is {kept.sha256} where {file.sha256} was expected"
    if file.md5 and kept.md5 != file.md5:
        return f"its MD5 is {kept.md5} where {file.md5} was expected"
    return ""
