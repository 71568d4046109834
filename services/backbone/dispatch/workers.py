"""Which processes work, by their own word: registered at birth, alive by heartbeat, ready once models are loaded."""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.backbone.errors import Unavailable
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Worker
from services.backbone.settings import settings

_FORGOTTEN = timedelta(hours=1)
_log = structlog.get_logger()


class Presence:
    """This process among the workers; beats in a thread of its own for as long as the process lives."""

    def __init__(self, worker_id: str, queues: Sequence[str]) -> None:
        """Args: queues: what it serves."""
        self.worker_id = worker_id
        self.draining = False
        self._queues = queues

    def begin(self) -> None:
        """Register and begin to beat; the ledger is waited for."""
        _patiently(lambda: register(self.worker_id, self._queues))
        threading.Thread(target=self._beat_on, name="presence", daemon=True).start()

    def set_ready(self) -> None:
        """Say that all models are loaded; the ledger is waited for."""
        _patiently(lambda: set_ready(self.worker_id))

    def _beat_on(self) -> None:
        while True:
            time.sleep(settings().heartbeat)
            try:
                self.draining = beat(self.worker_id) or self.draining
            except Exception as error:
                _log.warning("presence not told", reason=str(error))


def _patiently(tell: Callable[[], None]) -> None:
    while True:
        try:
            tell()
            return
        except Unavailable as away:
            _log.warning("waiting for the ledger", reason=str(away))
            time.sleep(settings().heartbeat)


def new_worker_id(name: str) -> str:
    """An id for this process, which no other process ever has."""
    return f"{name}@{socket.gethostname()[:40]}:{os.getpid()}:{time.time_ns() // 1_000_000:x}"


def register(worker_id: str, queues: Sequence[str]) -> None:
    """Say that a process is there and not ready yet."""
    with transaction() as session:
        row = {"id": worker_id, "host": socket.gethostname(), "queues": list(queues)}
        session.execute(insert(Worker).values(**row).on_conflict_do_nothing())
        session.execute(delete(Worker).where(Worker.heartbeat_at < func.now() - _FORGOTTEN))


def set_ready(worker_id: str) -> None:
    """Say that all models are loaded."""
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == worker_id).values(ready=True, heartbeat_at=func.now()))


def beat(worker_id: str) -> bool:
    """Say that the process lives; returns whether it is asked to hand its work back."""
    with transaction() as session:
        alive = update(Worker).where(Worker.id == worker_id).values(heartbeat_at=func.now()).returning(Worker.draining)
        return bool(session.scalar(alive))


def drain(prefix: str) -> None:
    """Ask all processes whose id begins so to hand back what they work on."""
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id.startswith(prefix, autoescape=True)).values(draining=True))


def unregister(worker_id: str) -> None:
    """Say goodbye."""
    with transaction() as session:
        session.execute(delete(Worker).where(Worker.id == worker_id))


def ready_queues(within: timedelta) -> frozenset[str]:
    """Queues that some ready worker serves, by heartbeats of late."""
    with transaction() as session:
        alive = select(Worker.queues).where(Worker.ready, ~Worker.draining, Worker.heartbeat_at > func.now() - within)
        return frozenset(queue for queues in session.scalars(alive) for queue in queues)
