"""A file that is still coming: it lies aside under a name of its own, and takes its place when it is whole."""

import hashlib
from pathlib import Path
from typing import BinaryIO

from soundstage.client.models import Artifact
from soundstage.errors import StorageError

WRITTEN_AT_ONCE = 2 << 20


class PartFile:
    """What has come of an artifact, kept between runs."""

    def __init__(self, artifact: Artifact, target: Path) -> None:
        """Args: artifact: what it will be. target: where it goes in the end."""
        self._target = target
        # Named after its content, so that the beginning of one version is never continued by another.
        self._path = target.with_name(f".{target.name}.{artifact.sha256[:12]}.part")
        self._file: BinaryIO | None = None
        self._waiting: list[bytes] = []
        self.size = 0

    def open(self) -> None:
        """Find what is there already. Raises StorageError when it cannot be written."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
            self.size = self._file.tell()
        except OSError as error:
            raise cannot_write(self._target, error) from error

    def take(self, chunk: bytes) -> bool:
        """Add bytes; returns whether it is time to `write` them."""
        self._waiting.append(chunk)
        self.size += len(chunk)
        return sum(map(len, self._waiting)) >= WRITTEN_AT_ONCE

    def write(self) -> None:
        """Put what was taken onto the disk. Raises StorageError when it is full."""
        waiting, self._waiting = self._waiting, []
        if self._file is None or not waiting:
            return
        try:
            self._file.write(b"".join(waiting))
            self._file.flush()
        except OSError as error:
            raise cannot_write(self._target, error) from error

    def restart(self) -> int:
        """Begin anew; returns how many bytes are given up."""
        lost, self.size, self._waiting = self.size, 0, []
        if self._file is not None:
            self._file.truncate(0)
        return lost

    def is_whole(self, artifact: Artifact) -> bool:
        """Whether it is what it should be, by its digest."""
        return self.size == artifact.bytes and is_same(artifact, self._path)

    def settle(self) -> None:
        """Put it in its place. Raises StorageError when that cannot be."""
        self.close()
        try:
            self._path.replace(self._target)
        except OSError as error:
            raise cannot_write(self._target, error) from error

    def discard(self) -> None:
        """Forget it."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Keep what there is, for the next time."""
        if self._file is not None:
            self._file.close()
            self._file = None


def is_same(artifact: Artifact, path: Path) -> bool:
    """Whether a file is that artifact. Raises StorageError when it cannot be read."""
    try:
        if path.stat().st_size != artifact.bytes:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == artifact.sha256
    except FileNotFoundError:
        return False
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> StorageError:
    """The sentence for a file that cannot be used."""
    return StorageError(f"{path} cannot be written ({error.strerror}); check the folder and the free space.")
