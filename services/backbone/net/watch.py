"""Patience with a foreign server: a total limit, a least speed, and a word from the caller to stop."""

import time
from collections.abc import Callable

from services.backbone.errors import Unreachable


class Stopped(Exception):
    """The caller asked to stop; nothing went wrong."""


class Watch:
    """Looks on while bytes come in; only the time spent waiting for them counts towards the speed."""

    def __init__(
        self,
        *,
        total: float = 60.0,
        slowest: float = 0.0,
        window: float = 30.0,
        stopped: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args: total: seconds from now. slowest: bytes per second, judged every `window` seconds of waiting."""
        self._clock = clock
        self._end = clock() + total
        self._slowest = slowest
        self._window = window
        self._stopped = stopped
        self._waited = 0.0
        self._heard = 0

    def left(self) -> float:
        """Seconds until the total limit.

        Raises:
            Stopped: the caller asked to stop.
            Unreachable: the time is used up.
        """
        if self._stopped():
            raise Stopped
        left = self._end - self._clock()
        if left <= 0:
            raise Unreachable("The server took too long to send it all; try again, or serve it from a faster one.")
        return left

    def heard(self, count: int, waited: float) -> None:
        """Note `count` bytes for which we waited. Raises Unreachable when they come too slowly."""
        self._heard += count
        self._waited += waited
        if self._waited < self._window:
            return
        speed = self._heard / self._waited
        self._heard, self._waited = 0, 0.0
        if speed < self._slowest:
            raise Unreachable("The server sends too slowly; try again, or serve it from a faster one.")
