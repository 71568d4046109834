"""The one line to the models: a loop of its own, that questions from any thread are put through.

Connections to model services belong to an event loop, and the cast is asked from many threads; so all requests of a
process are made by one loop in one thread, which keeps the connections.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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

    def __init__(self, places: threading.BoundedSemaphore, told: Callable[[], None] = lambda: None) -> None:
        """Args: places: one is taken by every open question. told: called when the line was left."""
        self.places = places
        self.times_left = 0
        self._told = told
        self._open: set[asyncio.Task[Any]] = set()
        self._branches: set[Line] = set()

    def call(self) -> "Call":
        """A question that begins now, whatever it has to wait for before it is asked."""
        return Call(self, self.times_left)

    def leave(self) -> None:
        """Leave all questions that are open or waiting unanswered; later ones are asked again."""
        self.times_left += 1
        for branch in tuple(self._branches):
            branch.leave()
        for task in tuple(self._open):
            task.get_loop().call_soon_threadsafe(task.cancel)
        self._told()

    @contextmanager
    def branch(self) -> Iterator["Line"]:
        """A line of the same places, for questions that can be left without all others."""
        branch = Line(self.places, self._told)
        self._branches.add(branch)
        try:
            yield branch
        finally:
            self._branches.discard(branch)

    @contextmanager
    def tracked(self) -> Iterator[None]:
        """Have the task that runs now cancelled when the line is left."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A question is asked in a task of its own.")
        self._open.add(task)
        try:
            yield
        finally:
            self._open.discard(task)


@dataclass(frozen=True)
class Call:
    """One question on a line, that had been left `begun` times when it began."""

    line: Line
    begun: int

    @property
    def is_left(self) -> bool:
        """Whether nobody waits for its answer any more."""
        return self.begun != self.line.times_left

    def ask(self, question: Asking[_Result]) -> _Result:
        """Wait for a place, then for an answer.

        Raises:
            CancelledError: the line was left meanwhile.
        """
        with self.line.places:
            return switchboard().put_through(self._tracked(question))

    async def _tracked(self, question: Asking[_Result]) -> _Result:
        with self.line.tracked():
            if self.is_left:
                raise asyncio.CancelledError
            return await question()


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
