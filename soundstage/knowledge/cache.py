"""Results kept in the user's cache folder: a lost, corrupt or unwritable file only costs time, never the answer."""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

_DIGEST_BYTES = 32


def remembered(name: str, make: Callable[[], bytes]) -> bytes:
    """The bytes kept under `name`, made and kept now if they are not there or not whole.

    `name` must change with whatever the bytes are made from: there is no other check of age.
    """
    path = user_cache_path("soundstage") / "knowledge" / name
    kept = _read(path)
    if kept is not None:
        return kept
    made = make()
    _write(path, made)
    return made


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return payload if hashlib.sha256(payload).digest() == digest else None


def _write(path: Path, payload: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(hashlib.sha256(payload).digest() + payload)
        aside.replace(path)
    with suppress(OSError):
        aside.unlink(missing_ok=True)
