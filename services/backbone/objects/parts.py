"""Uploads in parts, which clients send straight to the store: what is told about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from services.backbone.errors import Unprocessable
from services.backbone.objects.digests import from_header, to_header

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef

MOST_PARTS = 10_000
LEAST_PART = 5 << 20
"""Bytes of the smallest part that another may follow."""
MOST_PART = 5 << 30


@dataclass(frozen=True)
class PartUrl:
    """Where one part is to be PUT; `headers` are signed and must be sent as they are."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """A part that arrived; SHA-256 in hex, where the store checked it and tells."""

    number: int
    bytes: int
    etag: str
    sha256: str | None = None


@dataclass(frozen=True)
class Unfinished:
    """An upload that was begun and neither completed nor aborted."""

    key: str
    store_upload: str
    initiated: datetime


def latest_parts(told: Iterable["PartTypeDef"]) -> list[Part]:
    """The parts that a store tells of, by number; of one that came twice, which some stores list twice, the later.

    Where two with different contents came within the same second, nobody can tell which is the later: such a part
    counts as not arrived, and is to be sent again.
    """
    latest: dict[int, list[PartTypeDef]] = {}
    for part in told:
        known = latest.get(part["PartNumber"], [])
        if not known or part["LastModified"] > known[0]["LastModified"]:
            latest[part["PartNumber"]] = [part]
        elif part["LastModified"] == known[0]["LastModified"]:
            known.append(part)
    return [
        _part(latest[number][0]) for number in sorted(latest) if len({part["ETag"] for part in latest[number]}) == 1
    ]


def with_digests(parts: Sequence[Part], declared: Mapping[int, str]) -> list[Part]:
    """The parts, with the digests that were declared where the store tells none."""
    return [replace(part, sha256=part.sha256 or declared.get(part.number)) for part in parts]


def to_complete(parts: Sequence[Part]) -> list["CompletedPartTypeDef"]:
    """The parts as the store wants them told. Raises Unprocessable when one is missing between 1 and the last."""
    ordered = sorted(parts, key=lambda part: part.number)
    numbers = [part.number for part in ordered]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise Unprocessable("Parts are missing; send all of them, numbered from 1, then complete.", pointer="/parts")
    return [_completed(part) for part in ordered]


def check_size(parts: Sequence[Part], size: int) -> None:
    """Raises Unprocessable when the parts do not make `size` bytes, while the client can still send them again."""
    arrived = sum(part.bytes for part in parts)
    if arrived != size:
        raise Unprocessable(f"{arrived} of {size} bytes arrived; send the rest, then complete.", pointer="/parts")


def _part(told: "PartTypeDef") -> Part:
    return Part(told["PartNumber"], told["Size"], told["ETag"], from_header(told.get("ChecksumSHA256")))


def _completed(part: Part) -> "CompletedPartTypeDef":
    checksum: CompletedPartTypeDef = {"ChecksumSHA256": to_header(part.sha256)} if part.sha256 else {}
    return {"PartNumber": part.number, "ETag": part.etag, **checksum}
