"""A small load generator: keep-alive connections that each send the next request when the last is answered."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import cast

_LENGTH = b"content-length: "


@dataclass(frozen=True)
class Load:
    """What a round of load brought: answers a second, and how long they took, in seconds."""

    rate: float
    p50: float
    p99: float


async def load(port: int, requests: Sequence[bytes], seconds: float, connections: int = 32) -> Load:
    """Call a server on this machine for some seconds; every answer must be a success with a Content-Length."""
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    end = time.perf_counter() + seconds
    done = []
    for number in range(connections):
        finished: asyncio.Future[None] = loop.create_future()
        done.append(finished)
        own = [*requests[number % len(requests) :], *requests[: number % len(requests)]]
        await loop.create_connection(_client(own, taken, end, finished), "127.0.0.1", port)
    started = time.perf_counter()
    await asyncio.gather(*done)
    marks = quantiles(taken, n=100)
    return Load(len(taken) / (time.perf_counter() - started), marks[49], marks[98])


def _client(
    requests: Sequence[bytes], taken: list[float], end: float, finished: asyncio.Future[None]
) -> Callable[[], asyncio.Protocol]:
    return lambda: _Client(requests, taken, end, finished)


class _Client(asyncio.Protocol):
    def __init__(
        self, requests: Sequence[bytes], taken: list[float], end: float, finished: asyncio.Future[None]
    ) -> None:
        self._requests = requests
        self._taken = taken
        self._end = end
        self._finished = finished
        self._count = 0
        self._sent = 0.0
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._fail(RuntimeError(self._buffer.decode(errors="replace")))
            return
        now = time.perf_counter()
        self._taken.append(now - self._sent)
        self._buffer = b""
        if now < self._end:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._finished.done():
            self._fail(exc) if exc else self._finished.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._requests[self._count % len(self._requests)])
        self._count += 1

    def _fail(self, error: Exception) -> None:
        self._finished.set_exception(error)
        self._transport.abort()


def _length(head: bytes) -> int:
    place = head.lower().index(_LENGTH) + len(_LENGTH)
    return int(head[place:].split(b"\r", 1)[0])
