"""The transport of the asynchronous client: under asyncio, or trio, as anyio finds it."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import httpx

from soundstage.client.http import LIMITS, arguments, encoded, slices, told_apart
from soundstage.client.request import FileSlice, Reply, Request
from soundstage.client.transport import Task

T = TypeVar("T")


class AsynchronousTransport:
    """Asks by httpx's asynchronous client; files are worked on in threads."""

    def __init__(self, base_url: str, headers: dict[str, str]) -> None:
        """Args: base_url: of the service. headers: for requests to it, and to nobody else."""
        self._client = httpx.AsyncClient(limits=LIMITS)
        self._base_url = base_url
        self._headers = headers

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Reply]:
        """Send a request."""
        body = encoded(request) if request.body is None else _slices(request.body)
        with told_apart():
            made = self._client.build_request(**arguments(request, self._base_url, self._headers), content=body)
            response = await self._client.send(made, stream=True)
        try:
            yield _AsynchronousReply(response)
        finally:
            await response.aclose()

    async def pause(self, seconds: float) -> None:
        """Let others go on."""
        await anyio.sleep(seconds)

    async def work(self, job: Callable[[], T]) -> T:
        """Do it in a thread."""
        return await anyio.to_thread.run_sync(job)

    async def together(self, tasks: Sequence[Task[T]], limit: int) -> list[T]:
        """Do them side by side; the first error stops the others."""
        results: list[Any] = [None] * len(tasks)
        room = anyio.Semaphore(limit)
        first: list[Exception] = []

        async def run(place: int, task: Task[T]) -> None:
            async with room:
                try:
                    results[place] = await task()
                except Exception as error:
                    first.append(error)
                    group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for place, task in enumerate(tasks):
                group.start_soon(run, place, task)
        if first:
            raise first[0]
        return results

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


class _AsynchronousReply:
    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    async def read(self) -> bytes:
        with told_apart():
            return await self._response.aread()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        with told_apart():
            async for chunk in self._response.aiter_bytes():
                yield chunk


async def _slices(piece: FileSlice) -> AsyncIterator[bytes]:
    blocks: Iterator[bytes] = slices(piece)
    while (block := await anyio.to_thread.run_sync(next, blocks, None)) is not None:
        yield block
