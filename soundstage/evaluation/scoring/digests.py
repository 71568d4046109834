"""Digests of what was measured, and versions of what measured it."""

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from soundstage.errors import StorageError

PACKAGES: Final = ("soundstage", "numpy", "scipy", "soundfile", "soxr", "torch")
_SHOWN = 16


def versions() -> dict[str, str]:
    """Python's version and those of the packages that the measures hang on; "not installed" where one is not."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def digest_of(document: str, files: Iterable[Path]) -> str:
    """SHA-256, shortened to 16 digits, of a document's text and of all bytes of the files that it names.

    Raises:
        StorageError: a file cannot be read.
    """
    whole = hashlib.sha256(document.encode())
    for path in files:
        whole.update(_digest(path))
    return whole.hexdigest()[:_SHOWN]


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check that it is there.") from error


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
