"""Celery alone, beside the service: the floor of what a queue costs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import redis
from celery import Celery

from benchmarks.service.hollow import CLOCK, NOTHING
from benchmarks.service.house import House, until
from services.backbone.dispatch.queues import Lane

_QUEUE = Lane.LLM.value
_DATABASE = 1


@dataclass(frozen=True)
class Tasks:
    """A Celery worker of two processes and a client of it."""

    client: Celery
    broker: redis.Redis

    def run(self, count: int) -> None:
        """Send so many empty tasks, and wait until all are done."""
        with self.client.producer_or_acquire() as producer:
            for _ in range(count):
                self.client.send_task(NOTHING, queue=_QUEUE, ignore_result=True, producer=producer)
        until(self._is_idle, "Celery's tasks do not end", every=0.02)

    def latency(self) -> float:
        """Seconds from sending one task to its running."""
        sent = time.time()
        self.client.send_task(CLOCK, queue=_QUEUE, ignore_result=True)
        told = cast("tuple[bytes, bytes]", self.broker.blpop([CLOCK], timeout=90))
        return float(told[1]) - sent

    def _is_idle(self) -> bool:
        return not self.broker.llen(_QUEUE) and not self.broker.hlen("unacked")


@contextmanager
def celery_alone(home: House) -> Iterator[Tasks]:
    """A worker that does nothing, on a database of the broker of its own, once it answers."""
    url = home.valkey.url_of(_DATABASE)
    with (
        home.process("benchmarks.service.hollow", "tasks", redis=url),
        redis.Redis.from_url(url, socket_timeout=None) as broker,
    ):
        tasks = Tasks(Celery("benchmarks", broker=url), broker)
        tasks.latency()
        yield tasks
        tasks.client.close()
