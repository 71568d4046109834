"""The transport of the blocking client."""

import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx

from soundstage.client.http import LIMITS, arguments, encoded, slices, told_apart
from soundstage.client.request import Reply, Request
from soundstage.client.running import finish
from soundstage.client.transport import Task

T = TypeVar("T")


class BlockingTransport:
    """Asks by httpx's blocking client; does things together in threads."""

    def __init__(self, base_url: str, headers: dict[str, str]) -> None:
        """Args: base_url: of the service. headers: for requests to it, and to nobody else."""
        self._client = httpx.Client(limits=LIMITS)
        self._base_url = base_url
        self._headers = headers

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Reply]:
        """Send a request."""
        body = encoded(request) if request.body is None else slices(request.body)
        with told_apart():
            made = self._client.build_request(**arguments(request, self._base_url, self._headers), content=body)
            response = self._client.send(made, stream=True)
        try:
            yield _BlockingReply(response)
        finally:
            response.close()

    async def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    async def work(self, job: Callable[[], T]) -> T:
        """Do it here and now."""
        return job()

    async def together(self, tasks: Sequence[Task[T]], limit: int) -> list[T]:
        """Do them in threads, which never keep the process alive."""
        if min(len(tasks), limit) < 2:
            return [finish(task()) for task in tasks]
        return _Crew(tasks).work(limit)

    async def close(self) -> None:
        """Close all connections, those in use too."""
        self._client.close()


class _BlockingReply:
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
            return self._response.read()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        with told_apart():
            for chunk in self._response.iter_bytes():
                yield chunk


class _Crew:
    """Threads that share a row of tasks. An interrupt is heard at once: nobody waits for the threads then."""

    def __init__(self, tasks: Sequence[Task[Any]]) -> None:
        self._waiting = deque(enumerate(tasks))
        self._results: list[Any] = [None] * len(tasks)
        self._errors: list[BaseException] = []

    def work(self, limit: int) -> list[Any]:
        threads = [threading.Thread(target=self._run, daemon=True) for _ in range(min(limit, len(self._waiting)))]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:
            self._waiting.clear()
            raise
        if self._errors:
            raise self._errors[0]
        return self._results

    def _run(self) -> None:
        while self._waiting:
            try:
                place, task = self._waiting.popleft()
            except IndexError:
                return
            try:
                self._results[place] = finish(task())
            except BaseException as error:
                self._errors.append(error)
                self._waiting.clear()
