"""A worker service: Celery carries messages to a pool of processes, each of which works one claim after the other."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from celery import signals

from services.backbone import logs, metrics, tracing
from services.backbone.dispatch import scratch, workers
from services.backbone.dispatch.broker import app
from services.backbone.dispatch.interrupts import Gate
from services.backbone.dispatch.outbox import TASK
from services.backbone.dispatch.queues import Lane, queues_of
from services.backbone.dispatch.running import Handler, Runner
from services.backbone.dispatch.workers import Presence
from services.backbone.settings import settings

_PARENT = "SOUNDSTAGE_WORKER_ID"


@dataclass(frozen=True)
class WorkerService:
    """What makes one service a service of its own.

    `warm` loads all models and is called in each process before it says that it is ready; it returns the handlers.
    `processes` work side by side, each claims up to `batch` steps at once. Processes are forked before anything is
    loaded, or spawned where a GPU is to be used.
    """

    name: str
    lanes: Sequence[Lane]
    warm: Callable[[], dict[str, Handler]]
    processes: int = 2
    batch: int = 1
    spawn: bool = False

    def serve(self) -> None:
        """Work until told to stop."""
        logs.configure(self.name)
        os.environ[_PARENT] = workers.new_worker_id(self.name)
        metrics.serve()
        scratch.sweep(settings().scratch)
        app().conf.worker_pool_start_method = "spawn" if self.spawn else "fork"
        self.attach()
        queues = ",".join(queues_of(*self.lanes))
        options = (f"--concurrency={self.processes}", "-Q", queues, f"--hostname={self.name}@%h")
        app().worker_main(["worker", "--pool=prefork", "--without-gossip", "--without-mingle", *options])

    def attach(self) -> None:
        """Register the task and what happens at the beginning and end of processes."""
        runners: list[Runner] = []

        def begin(**_: object) -> None:
            runners.append(self._runner())

        def work(queue: str) -> int:
            return runners[0].run(queue)

        def stop(**_: object) -> None:
            workers.drain(os.environ[_PARENT])

        app().task(name=TASK)(work)
        signals.worker_process_init.connect(begin, weak=False)
        signals.worker_shutting_down.connect(stop, weak=False)

    def _runner(self) -> Runner:
        logs.configure(self.name)
        tracing.configure(self.name)
        presence = Presence(f"{os.environ[_PARENT]}/{os.getpid()}", queues_of(*self.lanes))
        presence.begin()
        handlers = self.warm()
        workers.set_ready(presence.worker_id)
        return Runner(handlers, presence, Gate(), self.batch)
