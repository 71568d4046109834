"""How far a transfer is, told while it goes on, from several threads too."""

import threading
from collections.abc import Callable

# Bytes that are there, and bytes in all.
OnProgress = Callable[[int, int], None]


class Meter:
    """Counts bytes; what was counted for something that must be sent again is taken back."""

    def __init__(self, total: int, told: OnProgress | None) -> None:
        """Args: total: bytes in all. told: hears of every change."""
        self._total = total
        self._told = told
        self._done = 0
        self._lock = threading.Lock()

    def add(self, bytes: int) -> None:
        """So many more are there."""
        with self._lock:
            self._done += bytes
            if self._told is not None:
                self._told(self._done, self._total)


class Count:
    """What one thing that travels adds to a meter."""

    def __init__(self, meter: Meter) -> None:
        """Args: meter: of all that travels together."""
        self._meter = meter
        self._bytes = 0

    def add(self, bytes: int) -> None:
        """So many more of it are there."""
        self._bytes += bytes
        self._meter.add(bytes)

    def restart(self) -> None:
        """It begins anew."""
        self.add(-self._bytes)
