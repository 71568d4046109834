"""What both transports have in common: how a request becomes httpx's, and how httpx's errors become ours."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from soundstage.client.request import CHUNK, FileSlice, Request
from soundstage.client.transport import Lost, NotSent
from soundstage.errors import StorageError

_CONNECT = 10.0

LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=16)

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def arguments(request: Request, base_url: str, headers: dict[str, str]) -> dict[str, Any]:
    """For httpx's `build_request`, less the body. `headers` go to the service only: they hold the key."""
    own = {**headers, **request.headers} if request.is_ours else dict(request.headers)
    if request.body is not None:
        own["Content-Length"] = str(request.body.length)
    elif request.json is not None:
        own["Content-Type"] = "application/json"
    return {
        "method": request.method,
        "url": base_url + request.url if request.is_ours else request.url,
        "params": {name: value for name, value in request.query.items() if value is not None} or None,
        "headers": own,
        "timeout": httpx.Timeout(request.silence, connect=_CONNECT, pool=None),
    }


def encoded(request: Request) -> bytes | None:
    """A body of JSON."""
    return None if request.json is None else json.dumps(request.json, ensure_ascii=False, default=str).encode()


def slices(piece: FileSlice) -> Iterator[bytes]:
    """A stretch of a file, block by block."""
    try:
        with piece.path.open("rb") as file:
            file.seek(piece.start)
            piece.count.restart()
            left = piece.length
            while left:
                block = file.read(min(CHUNK, left))
                if not block:
                    raise StorageError(f"{piece.path} became shorter while it was sent; send it again.")
                left -= len(block)
                yield block
                piece.count.add(len(block))
    except OSError as error:
        raise StorageError(f"{piece.path} cannot be read ({error.strerror}); check its permissions.") from error


@contextmanager
def told_apart() -> Iterator[None]:
    """Raise our own errors for httpx's."""
    try:
        yield
    except _NEVER_SENT as error:
        raise NotSent(_words(error)) from error
    except httpx.TransportError as error:
        raise Lost(_words(error)) from error
    except httpx.InvalidURL as error:
        raise NotSent(f"the address is not one ({error})") from error


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
