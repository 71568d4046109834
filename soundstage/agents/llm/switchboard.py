"""The one line to the models: a loop of its own, that questions from any thread are put through.

Connections to model services belong to an event loop, and the cast is asked from many threads; so all requests of a
process are made by one loop in one thread, which keeps the connections.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class Switchboard:
    """A running event loop, and the questions that are open on it."""

    def __init__(self) -> None:
        self.process = os.getpid()
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
    """The questions of one cast on the switchboard: they can all be left at once."""

    def __init__(self, most: int) -> None:
        """Args: most: questions open at the same time."""
        self._places = threading.BoundedSemaphore(most)
        self._open: set[asyncio.Task[Any]] = set()
        self._left = threading.Event()

    def ask(self, question: Coroutine[Any, Any, _Result]) -> _Result:
        """Wait for a place, then for an answer.

        Raises:
            CancelledError: the line was left.
        """
        with self._places:
            if self._left.is_set():
                question.close()
                raise CancelledError
            return switchboard().put_through(self._tracked(question))

    def leave(self) -> None:
        """Leave all questions that are open or waiting unanswered."""
        self._left.set()
        for task in tuple(self._open):
            task.get_loop().call_soon_threadsafe(task.cancel)

    async def _tracked(self, question: Coroutine[Any, Any, _Result]) -> _Result:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A question is asked in a task of its own.")
        self._open.add(task)
        try:
            return await question
        finally:
            self._open.discard(task)


_lock = threading.Lock()
_current: Switchboard | None = None


def switchboard() -> Switchboard:
    """The process's own; a forked process gets another."""
    global _current
    with _lock:
        if _current is None or _current.process != os.getpid():
            _current = Switchboard()
        return _current
