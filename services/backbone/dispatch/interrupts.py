"""Leaving a step at once, from wherever its worker is.

A step runs in the main thread of its process. The heartbeat, in a thread beside it, sends the main thread a signal, and
the handler raises `Interrupted` there, as Ctrl-C would: the engine kills what it started and cleans up. What does not
leave within `PATIENCE` seconds (a library that does not return to Python) is ended with its process.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psutil

PATIENCE = 3.0
# The pool itself uses SIGUSR1, for its soft time limit.
_SIGNAL = signal.SIGUSR2
_LOST_CODE = 70


class Interrupted(KeyboardInterrupt):
    """The step must be left at once. As Ctrl-C, no `except Exception` on the way holds it up."""


class Gate:
    """Lets interrupts through only while a step is being worked, never while its end is written."""

    def __init__(self) -> None:
        """A closed gate; must be made in the main thread."""
        self._open = False
        self._main = threading.main_thread()
        self._left = threading.Event()
        self._left.set()
        signal.signal(_SIGNAL, self._heard)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Let interrupts through in the block; one that comes at its very end is not heard outside it."""
        self._left.clear()
        self._open = True
        try:
            yield
        finally:
            self._open = False
            self._left.set()

    def interrupt(self) -> bool:
        """Interrupt the main thread; False when it does not leave its step within `PATIENCE` seconds."""
        if self._open and self._main.ident is not None:
            signal.pthread_kill(self._main.ident, _SIGNAL)
        return self._left.wait(PATIENCE)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self._open:
            self._open = False
            raise Interrupted


def end_process() -> None:
    """End this process with all that it started; its pool makes a new one."""
    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.Error:
            continue
    os._exit(_LOST_CODE)
