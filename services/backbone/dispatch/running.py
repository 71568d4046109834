"""How a worker works: claim, keep alive, do, hand in."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from services.backbone import metrics
from services.backbone.dispatch import claims, outbox
from services.backbone.dispatch.claims import Claim, Stop
from services.backbone.dispatch.heartbeat import Heartbeat, settle
from services.backbone.dispatch.interrupts import Gate, Interrupted
from services.backbone.dispatch.products import Product
from services.backbone.dispatch.workers import Presence
from services.backbone.errors import Unavailable
from services.backbone.tracing import span
from soundstage.errors import SoundstageError

Tell = Callable[[float], None]
Handler = Callable[[Claim, Tell], Product]
_Result = TypeVar("_Result")
# How long the end of a step is held for a ledger that is away, before the work is given up.
_PERSISTENCE = 120.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class Runner:
    """Works steps with the handlers of their kinds; takes up to `batch` of one kind at once."""

    handlers: Mapping[str, Handler]
    presence: Presence
    gate: Gate
    batch: int = 1

    def run(self, queue: str) -> int:
        """Work what the queue has next; returns how many steps were worked. Called in the main thread."""
        if self.presence.draining:
            return 0
        held = claims.claim(queue, self.presence.worker_id, self.batch)
        if held:
            metrics.count_claims(queue, len(held))
            with Heartbeat(held, self.presence, self.gate) as heartbeat:
                for claim in held:
                    self._work(claim, heartbeat)
            self._publish()
        return len(held)

    def _work(self, claim: Claim, heartbeat: Heartbeat) -> None:
        stop = heartbeat.stopped.get(claim.step_id)
        if stop is not None:
            heartbeat.release(claim)
            settle(claim, stop)
            return
        with structlog.contextvars.bound_contextvars(job=claim.job_id, step=claim.step_id, attempt=claim.attempt):
            self._attempt(claim, heartbeat)

    def _attempt(self, claim: Claim, heartbeat: Heartbeat) -> None:
        started, outcome = time.monotonic(), "failed"
        heartbeat.work_on(claim)
        try:
            product = self._do(claim, heartbeat)
        except Interrupted:
            stop = heartbeat.stopped.get(claim.step_id, Stop.DRAINING)
            outcome = stop.value
            _log.info("step left", kind=claim.kind, why=outcome)
            _persistently(lambda: settle(claim, stop))
        except Exception as error:
            _log.warning(
                "step failed", kind=claim.kind, error=str(error), exc_info=not isinstance(error, SoundstageError)
            )
            _persistently(partial(claims.fail, claim, error))
        else:
            taken = _persistently(lambda: claims.finish(claim, product))
            outcome = "done" if taken else "refused"
            _log.info("step done", kind=claim.kind, taken=taken, seconds=round(time.monotonic() - started, 3))
        finally:
            heartbeat.release(claim)
            metrics.count_step(claim.kind, outcome, time.monotonic() - started)

    def _do(self, claim: Claim, heartbeat: Heartbeat) -> Product:
        def tell(fraction: float) -> None:
            heartbeat.progress = fraction

        with span(f"step {claim.kind}", claim.traceparent, job=claim.job_id, step=claim.step_id), self.gate.open():
            return self.handlers[claim.kind](claim, tell)

    def _publish(self) -> None:
        """At once, for speed; what fails here is sent by the keeper."""
        try:
            outbox.publish_pending()
        except Unavailable as away:
            _log.warning("messages wait", reason=str(away))


def _persistently(work: Callable[[], _Result]) -> _Result | None:
    """Try again while the ledger is away; whether the attempt still counts is then the fence's word."""
    until = time.monotonic() + _PERSISTENCE
    while True:
        try:
            return work()
        except Unavailable as away:
            if time.monotonic() > until:
                _log.error("given up: the ledger is away", reason=str(away))
                return None
            time.sleep(0.5)
