"""The heartbeat of a worker at work: renews its leases, tells how far it is, and hears when to stop."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import structlog

from services.backbone.dispatch import claims
from services.backbone.dispatch.claims import Claim, Stop
from services.backbone.dispatch.interrupts import Gate, end_process
from services.backbone.dispatch.workers import Presence
from services.backbone.errors import Unavailable
from services.backbone.settings import settings

_log = structlog.get_logger()


class Heartbeat:
    """Keeps some claims alive while one after the other is worked; leaves the one at work when it must be left.

    `progress` of the claim at work is set by who works it, from 0 to 1. `stopped` says by step why not to (go on
    to) work it.
    """

    def __init__(self, held: Sequence[Claim], presence: Presence, gate: Gate) -> None:
        """Args: held: all of one worker's claims. gate: of the main thread that works them."""
        self.stopped: dict[str, Stop] = {}
        self.progress = 0.0
        self._held = {claim.step_id: claim for claim in held}
        self._current: str | None = None
        self._presence = presence
        self._gate = gate
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)
        self._renewed = time.monotonic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def work_on(self, claim: Claim) -> None:
        """From now on `claim` is at work."""
        self.progress = 0.0
        self._current = claim.step_id

    def release(self, claim: Claim) -> None:
        """The claim is handed in, or back; its lease is not renewed any more."""
        self._held.pop(claim.step_id, None)
        self._current = None

    def _beat_on(self) -> None:
        while not self._over.wait(settings().heartbeat):
            try:
                self._beat()
                self._renewed = time.monotonic()
            except Unavailable as away:
                self._lose_leases_when_over(away)
            except Exception:
                _log.exception("heartbeat failed")
            if self._current in self.stopped and not self._gate.interrupt():
                self._end()

    def _beat(self) -> None:
        for claim in list(self._held.values()):
            progress = self.progress if claim.step_id == self._current else 0.0
            stop = claims.renew(claim, progress) or (Stop.DRAINING if self._presence.draining else None)
            if stop is not None:
                self.stopped[claim.step_id] = stop

    def _lose_leases_when_over(self, away: Unavailable) -> None:
        """Without the ledger for a whole lease, another may be at the same work by now."""
        if time.monotonic() - self._renewed > settings().lease:
            _log.warning("leases lost", reason=str(away))
            self.stopped |= dict.fromkeys(self._held, Stop.FENCED)

    def _end(self) -> None:
        """The step does not let go: its process ends, once the ledger was told as far as it can be."""
        _log.error("step does not stop; its process ends", step=self._current)
        for claim in list(self._held.values()):
            try:
                settle(claim, self.stopped.get(claim.step_id, Stop.DRAINING))
            except Unavailable:
                break
        end_process()


def settle(claim: Claim, stop: Stop) -> None:
    """Tell the ledger of a claim that is left unfinished; one that is fenced off has nothing to tell."""
    if stop is not Stop.FENCED:
        claims.hand_back(claim)
