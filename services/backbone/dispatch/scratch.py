"""Scratch folders: where a step keeps files while it works. What a killed process left is removed within minutes."""

import contextlib
import fcntl
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from services.backbone.errors import Unavailable

_LOCK = ".lock"
# A younger folder may be between its making and its locking.
_YOUNG = 60.0
_SWEEP_EVERY = 60.0


@contextlib.contextmanager
def scratch_folder(root: Path, name: str) -> Iterator[Path]:
    """A folder of its own, gone when the block is left; held by a lock that dies with its process.

    Raises:
        Unavailable: the folder cannot be made.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=root))
        lock = (folder / _LOCK).open("w")
    except OSError as error:
        raise Unavailable(f"The scratch folder {root} cannot be written ({error.strerror}).") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def keep_swept(root: Path, every: float = _SWEEP_EVERY) -> None:
    """Sweep now, and every so many seconds for as long as this process lives: its pool may lose one at any time."""

    def go_on() -> None:
        while True:
            with contextlib.suppress(OSError):  # a disk that is away may come back
                sweep(root)
            time.sleep(every)

    threading.Thread(target=go_on, name="scratch", daemon=True).start()


def sweep(root: Path) -> int:
    """Remove the folders of processes that are gone; returns how many."""
    removed = 0
    for lock in root.glob(f"*/{_LOCK}"):
        with contextlib.suppress(OSError), lock.open("r+") as file:
            if time.time() - lock.stat().st_mtime > _YOUNG and _is_free(file):
                shutil.rmtree(lock.parent, ignore_errors=True)
                removed += 1
    return removed


def _is_free(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
