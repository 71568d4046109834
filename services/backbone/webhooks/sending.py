"""One attempt at one delivery: a POST, and what became of it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from services.backbone.errors import Refused, Unreachable
from services.backbone.net.retryafter import seconds_asked

TIME_LIMIT = 15.0
EXCERPT = 2048

# UTF-8 takes at most four bytes a character.
_MOST_READ = 4 * EXCERPT


@dataclass(frozen=True)
class Outcome:
    """What an attempt brought; `status` is None when no answer came, and `error` says why in one sentence."""

    status: int | None
    excerpt: str
    error: str | None
    seconds: float
    retry_after: float | None = None


async def send(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes, *, limit: float = TIME_LIMIT
) -> Outcome:
    """POST a body; never raises for what the network or the receiver does.

    Args:
        client: from `async_client`, so that its connections are guarded and redirects are not followed.
        url: of the endpoint.
        headers: the signature's; Content-Type is set here.
        body: the JSON document that was signed.
        limit: seconds for everything, the name's resolution and the answer's body too.
    """
    attempt = _Attempt()
    started = time.monotonic()
    try:
        async with asyncio.timeout(limit):
            await attempt.make(client, url, headers, body)
    except TimeoutError:
        attempt.error = f"No whole answer came within {limit:g} seconds; answer first and work afterwards."
    except (Refused, Unreachable) as error:
        attempt.error = str(error)
    except (httpx.HTTPError, httpx.InvalidURL):
        attempt.error = "The endpoint's URL, or that which it redirects to, cannot be read; correct it."
    return attempt.outcome(time.monotonic() - started)


class _Attempt:
    """What is known so far: once a status has come, it counts, whatever becomes of the rest."""

    def __init__(self) -> None:
        self.error: str | None = None
        self._status: int | None = None
        self._retry_after: float | None = None
        self._read = bytearray()

    async def make(self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes) -> None:
        sent = {**headers, "content-type": "application/json"}
        async with client.stream("POST", url, headers=sent, content=body) as response:
            self._status = response.status_code
            self._retry_after = seconds_asked(response.headers)
            async for part in response.aiter_raw():
                self._read += part[: _MOST_READ - len(self._read)]
                if len(self._read) >= _MOST_READ:
                    return

    def outcome(self, seconds: float) -> Outcome:
        return Outcome(self._status, _excerpt(bytes(self._read)), self._complaint(), seconds, self._retry_after)

    def _complaint(self) -> str | None:
        if self._status is None:
            return self.error
        if 200 <= self._status < 300:
            return None
        if 300 <= self._status < 400:
            return f"The endpoint answered {self._status}, a redirect, which is not followed; give the final URL."
        return f"The endpoint answered {self._status}; answer with a status from 200 to 299 to take a delivery."


def _excerpt(body: bytes) -> str:
    """The beginning of an answer as text that PostgreSQL can hold: it knows no NUL."""
    return body.decode(errors="replace").replace("\x00", "")[:EXCERPT]
