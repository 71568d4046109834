"""How a film is cut into the parts in which it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.api.schemas.uploads import DeclaredPart, UploadRequest
from services.backbone.errors import Unprocessable
from services.backbone.ledger.tables import Upload
from services.backbone.ledger.tables.base import Document
from services.backbone.objects.parts import LEAST_PART, MOST_PARTS
from services.backbone.settings import MIB

_USUAL_PART = 16 * MIB


@dataclass(frozen=True)
class PartPlan:
    """The parts of an upload, numbered from 1: of `part_size` each, or as declared."""

    size: int
    part_size: int = 0
    declared: Sequence[tuple[int, str | None]] = ()

    @classmethod
    def of_request(cls, request: UploadRequest) -> "PartPlan":
        """As a client asks for it.

        Raises:
            Unprocessable: the store would not take such parts, or they do not make the whole.
        """
        if request.parts is not None:
            _check_declared(request.parts, request.size)
            return cls(request.size, declared=[(part.size, part.sha256) for part in request.parts])
        smallest = -(-request.size // MOST_PARTS)
        size = request.part_size or max(_USUAL_PART, -(-smallest // MIB) * MIB)
        if size < smallest:
            raise Unprocessable(
                f"There would be more than {MOST_PARTS} parts; make them {smallest} bytes at least.",
                pointer="/part_size",
            )
        return cls(request.size, part_size=size)

    @classmethod
    def of_upload(cls, upload: Upload) -> "PartPlan":
        """As the ledger keeps it."""
        kept = upload.parts
        return cls(upload.size, kept.get("part_size", 0), [tuple(part) for part in kept.get("declared", ())])

    @property
    def document(self) -> Document:
        """To be kept in the ledger."""
        return {"declared": [list(part) for part in self.declared]} if self.declared else {"part_size": self.part_size}

    @property
    def count(self) -> int:
        """How many parts there are."""
        return len(self.declared) or (-(-self.size // self.part_size) if self.part_size else 0)

    @property
    def has_digests(self) -> bool:
        """Whether the SHA-256 of the parts are known."""
        return bool(self.declared) and self.declared[0][1] is not None

    @property
    def digests(self) -> dict[int, str]:
        """SHA-256 by number, of the parts where it is known."""
        return {number: sha256 for number, (_, sha256) in enumerate(self.declared, start=1) if sha256 is not None}

    def part(self, number: int) -> tuple[int, str | None]:
        """Bytes and, where known, the SHA-256 of a part."""
        if self.declared:
            return self.declared[number - 1]
        return min(self.part_size, self.size - (number - 1) * self.part_size), None

    def missing(self, arrived: dict[int, int]) -> list[int]:
        """Numbers of parts that are not there, or have another size; `arrived` says bytes by number."""
        return [number for number in range(1, self.count + 1) if arrived.get(number) != self.part(number)[0]]


def _check_declared(parts: Sequence[DeclaredPart], size: int) -> None:
    for place, part in enumerate(parts[:-1]):
        if part.size < LEAST_PART:
            raise Unprocessable(
                f"All parts but the last have {LEAST_PART} bytes at least; make them larger.",
                pointer=f"/parts/{place}/size",
            )
    whole = sum(part.size for part in parts)
    if whole != size:
        raise Unprocessable(f"The parts have {whole} bytes in all, not {size}; declare all of them.", pointer="/parts")
    if len({part.sha256 is None for part in parts}) > 1:
        raise Unprocessable("Give the SHA-256 of all parts or of none.", pointer="/parts")
