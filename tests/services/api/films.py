"""Films as clients send them: only their first bytes are looked at here."""

import hashlib
from collections.abc import Sequence

import httpx

# The beginning of an MP4 file.
HEAD = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"


def film(size: int = 1000) -> bytes:
    """Bytes that may be a film, as far as can be told without decoding it."""
    return HEAD + bytes(number * 7 % 251 for number in range(min(size, 4096) - len(HEAD))) + bytes(max(0, size - 4096))


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def send(parts: Sequence[dict[str, object]], data: bytes) -> None:
    """PUT parts of a film as their URLs say."""
    start = 0
    async with httpx.AsyncClient() as store:
        for part in parts:
            end = start + part["size"]
            answer = await store.put(part["url"], content=data[start:end], headers=part["headers"])
            answer.raise_for_status()
            start = end


async def uploaded(api: httpx.AsyncClient, data: bytes | None = None, **declared: object) -> str:
    """A completed upload's id."""
    data = film() if data is None else data
    begun = await api.post("/v1/uploads", json={"filename": "film.mp4", "size": len(data), **declared})
    assert begun.status_code == 201, begun.text
    await send(begun.json()["parts"], data)
    done = await api.post(f"/v1/uploads/{begun.json()['id']}/complete")
    assert done.status_code == 200, done.text
    return begun.json()["id"]
