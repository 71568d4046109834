"""`python -m services.backbone.keeper`: the small process that looks after everything; any number may run.

It sends what is committed and not sent yet, takes steps from lost workers, ends jobs at their deadline, calls users
back, and clears away what is over. It keeps nothing of its own: killed at any moment, the next goes on.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable

import structlog

from services.backbone import housekeeping, logs, metrics, tracing
from services.backbone.batches import cancel_marked
from services.backbone.dispatch import outbox, sweeper
from services.backbone.errors import Unavailable
from services.backbone.settings import settings
from services.backbone.webhooks.deliveries import Courier

_URGENT = (
    sweeper.reclaim,
    sweeper.expire_jobs,
    cancel_marked,
    sweeper.tell_progress,
    sweeper.top_up,
    outbox.publish_pending,
)
_HOUSEKEEPING, _ORPHANS = 30.0, 3600.0
_log = structlog.get_logger()


def _sweep() -> None:
    """What cannot wait."""
    for task in _URGENT:
        _carefully(task)


def _keep_house() -> None:
    """What can."""
    for task in housekeeping.TASKS:
        _carefully(task)


def _sweep_orphans() -> None:
    """What takes long, for it looks at every object."""
    _carefully(housekeeping.sweep_orphans)


def _carefully(task: Callable[[], object]) -> None:
    """One task's trouble is not another's."""
    try:
        task()
    except Unavailable as away:
        _log.warning("put off", task=task.__name__, reason=str(away))
    except Exception:
        _log.exception("failed", task=task.__name__)


async def _every(seconds: float, work: Callable[[], None], stop: asyncio.Event) -> None:
    while not stop.is_set():
        await asyncio.to_thread(work)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


async def keep(stop: asyncio.Event) -> None:
    """Look after everything until `stop` is set."""
    async with Courier() as courier:
        await asyncio.gather(
            _every(settings().sweep, _sweep, stop),
            _every(_HOUSEKEEPING, _keep_house, stop),
            _every(_ORPHANS, _sweep_orphans, stop),
            courier.run(stop),
        )


async def _until_told() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await keep(stop)


def main() -> None:
    """Run until told to stop."""
    logs.configure("keeper")
    tracing.configure("keeper")
    metrics.serve(ledger=True)
    asyncio.run(_until_told())


if __name__ == "__main__":
    main()
