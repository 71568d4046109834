"""How a film is cut for sending, and the digests that prove that it arrived."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from soundstage.client.request import CHUNK
from soundstage.errors import StorageError

_MIB = 1 << 20
_USUAL_PART = 16 * _MIB
# The store takes ten thousand; so many can be declared in one request of moderate size.
_MOST_PARTS = 5000


@dataclass(frozen=True)
class Plan:
    """Parts of equal size, but for the last; numbered from 1. Digests are SHA-256 in hex."""

    size: int
    part_size: int
    digests: Sequence[str]
    sha256: str

    @property
    def numbers(self) -> range:
        """Of all parts."""
        return range(1, len(self.digests) + 1)

    def start(self, number: int) -> int:
        """Where a part begins."""
        return (number - 1) * self.part_size

    def length(self, number: int) -> int:
        """How many bytes a part has."""
        return min(self.part_size, self.size - self.start(number))


def planned(path: Path, size: int) -> Plan:
    """Read a file once through. Raises StorageError when it cannot be read, or has not that size."""
    part_size = max(_USUAL_PART, -(-size // _MOST_PARTS // _MIB) * _MIB)
    whole, digests, seen = hashlib.sha256(), [], 0
    try:
        with path.open("rb") as file:
            while seen < size:
                part = hashlib.sha256()
                for block in _blocks(file, part_size):
                    part.update(block)
                    whole.update(block)
                    seen += len(block)
                digests.append(part.hexdigest())
                _check(path, seen == min(size, len(digests) * part_size))
            _check(path, not file.read(1))
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    return Plan(size, part_size, digests, whole.hexdigest())


def _blocks(file: BinaryIO, length: int) -> Iterator[bytes]:
    """The next `length` bytes of a file, or what there is of them."""
    while length and (block := file.read(min(CHUNK, length))):
        length -= len(block)
        yield block


def _check(path: Path, is_unchanged: bool) -> None:
    if not is_unchanged:
        raise StorageError(f"{path} changed while it was read; send it again.")
