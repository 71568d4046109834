"""Threads for a command that must end at once when it is interrupted: they never keep the process alive."""

import queue
import threading
from collections.abc import Callable


class Crew:
    """Works through what it is given, several things side by side; the first error ends it."""

    def __init__(self, size: int) -> None:
        """Args: size: how many things at a time."""
        self._error: Exception | None = None
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for _ in range(size):
            threading.Thread(target=self._run, daemon=True).start()

    def do(self, work: Callable[[], None]) -> None:
        """Have something done, in its turn."""
        self._work.put(work)

    def check(self) -> None:
        """Raise what went wrong."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while self._error is None:
            work = self._work.get()
            try:
                work()
            except Exception as error:
                self._error = error
