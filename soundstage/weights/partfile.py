"""A file that is still coming: it lies beside its place under a name of its own, until it is whole."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from soundstage.weights.record import Kept

_CHUNK = 1 << 20


@dataclass
class Part:
    """What has come of a file: bytes on the disk, their digests so far, and the version they are of."""

    path: Path
    version: str = ""
    size: int = 0
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    md5: "hashlib._Hash" = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))

    @classmethod
    def found(cls, target: Path) -> "Part":
        """What an earlier run left, read once for its digests."""
        part = cls(_beside(target))
        if part.path.is_file():
            part.version = part._label.read_text() if part._label.is_file() else ""
            with part.path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    part._count(chunk)
        return part

    @staticmethod
    def waiting(target: Path) -> int:
        """Bytes that an earlier run left of a file."""
        path = _beside(target)
        return path.stat().st_size if path.is_file() else 0

    @property
    def _label(self) -> Path:
        return self.path.with_name(f"{self.path.name}.version")

    def begin(self, version: str) -> None:
        """Start anew, with that version of the file."""
        self.forget()
        self._label.write_text(version)
        self.version = version

    def write(self, file: BinaryIO, chunk: bytes) -> None:
        """Add bytes to the file, which the caller has opened for that."""
        file.write(chunk)
        self._count(chunk)

    def forget(self) -> None:
        """Give up what has come."""
        self.path.unlink(missing_ok=True)
        self._label.unlink(missing_ok=True)
        self.size, self.version = 0, ""
        self.sha256, self.md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)

    def seen(self) -> Kept:
        """Size and digests of what has come."""
        return Kept(self.size, self.sha256.hexdigest(), self.md5.hexdigest(), self.version)

    def settle(self, target: Path) -> Kept:
        """Put it in its place."""
        self.path.replace(target)
        self._label.unlink(missing_ok=True)
        return self.seen()

    def _count(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.sha256.update(chunk)
        self.md5.update(chunk)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")
