"""What the client needs of the world: to ask, to wait, to work on files, to do several things together.

The client is written once, as coroutines over a `Transport`. Under an event loop they run as any others do. The
blocking client gives them a transport that never suspends: a single step then runs them to their end (see `blocking`).
"""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias, TypeVar

from soundstage.client.request import Reply, Request
from soundstage.errors import MissingPart

T = TypeVar("T")
Task: TypeAlias = Callable[[], Coroutine[Any, Any, T]]


class Transport(Protocol):
    """One way of getting things done."""

    def open(self, request: Request) -> AbstractAsyncContextManager[Reply]:
        """Send a request; the body of the answer is there to be read within the block.

        Raises:
            NotSent: no connection was made.
            Lost: it broke, or nothing came for too long.
        """

    async def pause(self, seconds: float) -> None:
        """Do nothing for a while."""

    async def work(self, job: Callable[[], T]) -> T:
        """Do something that takes the processor or the disk for a while."""

    async def together(self, tasks: Sequence[Task[T]], limit: int) -> list[T]:
        """Do at most `limit` of these at a time; the first error ends it all."""

    async def close(self) -> None:
        """Let connections go."""


class Lost(Exception):
    """A connection broke; what was asked may have been done or not."""


class NotSent(Lost):
    """No connection was made; what was asked was not done."""


def need_httpx() -> None:
    """Raise MissingPart when httpx is not installed: the engine does without it."""
    try:
        import httpx  # noqa: F401
    except ImportError as error:
        raise MissingPart("The client needs httpx; install it with: pip install 'soundstage[client]'") from error
