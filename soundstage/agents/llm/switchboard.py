"""The one line to the models: a loop of its own, that questions from any thread are put through.

Connections to model services belong to an event loop, and the cast is asked from many threads; so all requests of a
process are made by one loop in one thread, which keeps the connections.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

_Result = TypeVar("_Result")
Asking = Callable[[], Coroutine[Any, Any, _Result]]


class Switchboard:
    """A running event loop, and the questions that are open on it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="models", daemon=True).start()

    def put_through(self, question: Coroutine[Any, Any, _Result]) -> _Result:
        """Wait for an answer; whatever the question raises is raised here."""
        asked = asyncio.run_coroutine_threadsafe(question, self._loop)
        try:
            return asked.result()
        finally:
            asked.cancel()  # without effect on what is answered; who is interrupted leaves no question open


class Line:
    """The questions of one cast on the switchboard: all that are asked now can be left at once."""

    def __init__(self, places: threading.BoundedSemaphore) -> None:
        """Args: places: one is taken by every open question."""
        self._places = places
        self._open: set[asyncio.Task[Any]] = set()
        self._branches: set[Line] = set()
        self._times_left = 0

    def ask(self, question: Asking[_Result]) -> _Result:
        """Wait for a place, then for an answer.

        Raises:
            CancelledError: the line was left meanwhile.
        """
        asked_at = self._times_left
        with self._places:
            return switchboard().put_through(self._tracked(question, asked_at))

    def leave(self) -> None:
        """Leave all questions that are open or waiting unanswered; later ones are asked again."""
        self._times_left += 1
        for branch in tuple(self._branches):
            branch.leave()
        for task in tuple(self._open):
            task.get_loop().call_soon_threadsafe(task.cancel)

    @contextmanager
    def branch(self) -> Iterator["Line"]:
        """A line of the same places, for questions that are left together when one of them fails."""
        branch = Line(self._places)
        self._branches.add(branch)
        try:
            yield branch
        except BaseException:
            branch.leave()
            raise
        finally:
            self._branches.discard(branch)

    async def _tracked(self, question: Asking[_Result], asked_at: int) -> _Result:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A question is asked in a task of its own.")
        self._open.add(task)
        try:
            if asked_at != self._times_left:
                raise asyncio.CancelledError
            return await question()
        finally:
            self._open.discard(task)


_lock = threading.Lock()
_current: Switchboard | None = None


def switchboard() -> Switchboard:
    """The process's own; a forked process gets another."""
    global _current
    with _lock:
        _current = _current or Switchboard()
        return _current


def _forget() -> None:
    """The loop's thread stayed with the parent; so, perhaps, did who held the lock."""
    global _lock, _current
    _lock, _current = threading.Lock(), None


os.register_at_fork(after_in_child=_forget)
