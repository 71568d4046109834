"""A worker service: Celery carries messages to a pool of processes, each of which works one claim after the other."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import structlog
from celery import shared_task, signals

from services.backbone import logs, metrics, tracing
from services.backbone.dispatch import scratch, workers
from services.backbone.dispatch.broker import app
from services.backbone.dispatch.interrupts import Gate, end_process
from services.backbone.dispatch.outbox import TASK
from services.backbone.dispatch.queues import Lane, queues_of
from services.backbone.dispatch.running import Handler, Runner
from services.backbone.dispatch.workers import Presence
from services.backbone.settings import settings

# What the processes of a pool must know of their parent, forked or not.
_PARENT, _MODULE, _QUEUES = "SOUNDSTAGE_WORKER_ID", "SOUNDSTAGE_WORKER_MODULE", "SOUNDSTAGE_WORKER_QUEUES"
_POOL = "services.backbone.dispatch.pool"
_PAUSE = 2.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class WorkerService:
    """What makes one service a service of its own.

    `warm` loads all models and is called in each process before it says that it is ready; it returns the handlers.
    Each process claims up to `batch` steps at once. `module` is where this is kept as `SERVICE`, for processes that
    are not forked find it there.
    """

    name: str
    module: str
    lanes: Sequence[Lane]
    warm: Callable[[], dict[str, Handler]]
    batch: int = 1

    def serve(self, processes: int, *, only: Lane | None = None, spawn: bool = False) -> None:
        """Work until told to stop.

        Args:
            processes: how many work side by side.
            only: serve this one of the lanes.
            spawn: start processes anew, as CUDA needs it; else they are forked before anything is loaded.
        """
        logs.configure(self.name)
        os.environ |= {
            _PARENT: workers.new_worker_id(self.name),
            _MODULE: self.module,
            _QUEUES: ",".join(self._queues(only)),
        }
        metrics.serve()
        scratch.keep_swept(settings().scratch)
        app().conf.update(imports=(_POOL,), worker_pool_start_method="spawn" if spawn else "fork")
        options = (f"--concurrency={processes}", "-Q", os.environ[_QUEUES], f"--hostname={self.name}@%h")
        app().worker_main(["worker", "--pool=prefork", "--without-gossip", "--without-mingle", *options])

    def _queues(self, only: Lane | None) -> tuple[str, ...]:
        return queues_of(*([only] if only else self.lanes))

    def attach(self) -> None:
        """Register the task and what happens at the beginning and end of processes."""
        runners: list[Runner] = []

        def begin(**_: object) -> None:
            try:
                runners.append(self._runner())
            except Exception:
                # Celery would go on with a process that can do nothing; the pool makes a new one of an ended one.
                _log.exception("process cannot begin")
                time.sleep(_PAUSE)
                end_process()

        def work(queue: str) -> int:
            return runners[0].run(queue)

        def stop(**_: object) -> None:
            workers.drain(os.environ[_PARENT])

        shared_task(name=TASK)(work)
        signals.worker_process_init.connect(begin, weak=False)
        signals.worker_shutting_down.connect(stop, weak=False)

    def _runner(self) -> Runner:
        logs.configure(self.name)
        tracing.configure(self.name)
        presence = Presence(f"{os.environ[_PARENT]}/{os.getpid()}", os.environ[_QUEUES].split(","))
        presence.begin()
        handlers = self.warm()
        presence.set_ready()
        return Runner(handlers, presence, Gate(), self.batch)


def attach_named() -> None:
    """Attach the service that the parent of this process serves."""
    service: WorkerService = import_module(os.environ[_MODULE]).SERVICE
    service.attach()
