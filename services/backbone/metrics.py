"""Metrics in Prometheus' text format: what stands in the ledger, and what this process did.

What stands in the ledger is the same whichever process is asked; it is read when somebody asks, and kept for some
seconds. What a process did, code counts with `count_request`, `count_step`, ... Names and meanings: `infra/README.md`.

Where several processes share a port (a pool of workers, an API of several), `PROMETHEUS_MULTIPROC_DIR` names a folder
through which they add up, as prometheus-client documents it; it must be set before this module is imported.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from threading import Lock

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from services.backbone.dispatch.queues import ALL_QUEUES
from services.backbone.errors import BadSetting, Unavailable
from services.backbone.ledger.repositories.census import Census, Reading
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import JobStatus, StepState
from services.backbone.settings import settings
from soundstage.agents.llm.understudy import HOUSE
from soundstage.agents.record import Exchange

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_PREFIX = "soundstage_"
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_PRESENT_LIFE, _PAST_LIFE = 5.0, 60.0
_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LONG = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)

if os.environ.get(_SHARED):
    Path(os.environ[_SHARED]).mkdir(parents=True, exist_ok=True)

_own = CollectorRegistry()
_requests = Counter(f"{_PREFIX}http_requests", "Requests answered", ["method", "route", "status"], registry=_own)
_request_seconds = Histogram(
    f"{_PREFIX}http_request_seconds", "From request to answer", ["method", "route"], buckets=_QUICK, registry=_own
)
_step_seconds = Histogram(
    f"{_PREFIX}step_seconds", "Attempts of steps, from claim to end", ["kind", "outcome"], buckets=_LONG, registry=_own
)
_claims = Counter(f"{_PREFIX}claims", "Steps claimed by workers", ["queue"], registry=_own)
_fenced = Counter(
    f"{_PREFIX}fenced_writes", "Writes refused for their lease had gone to another", ["kind"], registry=_own
)
_delivery_seconds = Histogram(
    f"{_PREFIX}delivery_seconds", "Attempts to deliver webhooks", ["outcome"], buckets=_QUICK, registry=_own
)
_question_seconds = Histogram(
    f"{_PREFIX}question_seconds",
    "Questions asked of models, from question to answer",
    ["role", "outcome"],
    buckets=_LONG,
    registry=_own,
)
_stood_in = Counter(f"{_PREFIX}stood_in", "Questions that the house cast answered", ["role"], registry=_own)
_tokens = Counter(f"{_PREFIX}tokens", "Tokens asked of models and answered by them", ["role", "way"], registry=_own)
_dollars = Counter(
    f"{_PREFIX}dollars", "US dollars spent on models, of questions whose price is known", ["role"], registry=_own
)

_BY_QUEUE, _BY_STATUS = ("queue",), ("status",)
# Of the ledger, by the names of the census: what it is, and its labels.
_FAMILIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "steps": ("Steps in the ledger", ("queue", "state")),
    "queue_oldest_seconds": ("How long the oldest step that may run has waited for a worker", _BY_QUEUE),
    "leases_expired": ("Running steps whose worker was not heard of in time", ()),
    "jobs": ("Jobs in the ledger", _BY_STATUS),
    "jobs_ended_recently": ("Jobs that ended within the last hour, by kind of error", ("status", "kind")),
    "outbox_messages": ("Messages committed and not sent to the broker yet", ()),
    "outbox_oldest_seconds": ("Age of the oldest of them", ()),
    "deliveries_pending": ("Webhook deliveries not made yet", ()),
    "deliveries_due": ("Webhook deliveries whose time has come", ()),
    "deliveries_oldest_due_seconds": ("How long the first of them is late", ()),
    "uploads_waiting": ("Uploads begun and not completed", ()),
    "workers_ready": ("Worker processes that have loaded all they need and are heard of", _BY_QUEUE),
}
_UP = (f"{_PREFIX}ledger_up", "Whether the ledger could be read")
_READ_SECONDS = (f"{_PREFIX}ledger_read_seconds", "How long the last reading of the ledger took")
# Told even where there are none: alerts compare with zero, and nothing is not zero.
_ZEROS = (
    *(Reading("steps", (queue, state), 0) for queue in ALL_QUEUES for state in StepState),
    *(Reading("jobs", (status,), 0) for status in JobStatus),
    *(Reading(name, (queue,), 0) for name in ("queue_oldest_seconds", "workers_ready") for queue in ALL_QUEUES),
    *(Reading(name, (), 0) for name in ("outbox_oldest_seconds", "deliveries_oldest_due_seconds")),
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """A request was answered. Args: route: its template ("/v1/jobs/{id}"), never the path itself."""
    answered, took = _of_requests(method, route, status)
    answered.inc()
    took.observe(seconds)


@cache  # finding the series again costs more than counting
def _of_requests(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return _requests.labels(method, route, str(status)), _request_seconds.labels(method, route)


def count_step(kind: str, outcome: str, seconds: float) -> None:
    """An attempt of a step ended, one way or the other."""
    _step_seconds.labels(kind, outcome).observe(seconds)


def count_claims(queue: str, steps: int) -> None:
    """A worker claimed some steps of a queue."""
    _claims.labels(queue).inc(steps)


def count_fenced(kind: str) -> None:
    """A write was refused, for the attempt did not hold its step any more."""
    _fenced.labels(kind).inc()


def count_delivery(outcome: str, seconds: float) -> None:
    """An attempt to deliver a webhook ended."""
    _delivery_seconds.labels(outcome).observe(seconds)


def count_question(exchange: Exchange) -> None:
    """A question was asked of a model, and answered or not; or the house stood in for it."""
    if exchange.model == HOUSE:
        _stood_in.labels(exchange.role).inc()
        return
    _question_seconds.labels(exchange.role, "failed" if exchange.problem else "answered").observe(exchange.seconds)
    _tokens.labels(exchange.role, "in").inc(exchange.tokens_in)
    _tokens.labels(exchange.role, "out").inc(exchange.tokens_out)
    _dollars.labels(exchange.role).inc(exchange.cost or 0.0)


class _Kept:
    """Readings that are taken again when they are older than `life` seconds."""

    def __init__(self, life: float, take: Callable[[Census], Sequence[Reading]]) -> None:
        self._life = life
        self._take = take
        self._taken_at = float("-inf")
        self._readings: Sequence[Reading] = ()

    def get(self) -> Sequence[Reading]:
        """Raises Unavailable: the ledger is away."""
        if time.monotonic() - self._taken_at >= self._life:
            with transaction() as session:
                self._readings = self._take(Census(session))
            self._taken_at = time.monotonic()
        return self._readings


class _Ledger(Collector):
    """The ledger, read when it is asked for; who asks at the same time waits for one reading."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept = (
            _Kept(_PRESENT_LIFE, lambda census: census.present(settings().lease_time)),
            _Kept(_PAST_LIFE, lambda census: census.past()),
        )

    def describe(self) -> Iterator[Metric]:
        """The names alone: registering must not read the ledger."""
        yield from _families(())
        yield from (GaugeMetricFamily(*_UP), GaugeMetricFamily(*_READ_SECONDS))

    def collect(self) -> Iterator[Metric]:
        """All families; when the ledger is away only that."""
        started = time.monotonic()
        try:
            with self._lock:
                readings = [reading for kept in self._kept for reading in kept.get()]
        except Unavailable:
            yield GaugeMetricFamily(*_UP, value=0)
            return
        yield GaugeMetricFamily(*_UP, value=1)
        yield GaugeMetricFamily(*_READ_SECONDS, value=time.monotonic() - started)
        yield from _families([*_ZEROS, *readings])


def _families(readings: Sequence[Reading]) -> Iterator[Metric]:
    values = {(reading.name, reading.labels): reading.value for reading in readings}
    for name, (about, labels) in _FAMILIES.items():
        family = GaugeMetricFamily(_PREFIX + name, about, labels=labels)
        for (of, told), value in values.items():
            if of == name:
                family.add_metric(told, value)
        yield family


_ledger = _Ledger()


def exposition(*, ledger: bool = True) -> bytes:
    """All metrics, to be served as `CONTENT_TYPE`; blocks while the ledger is read.

    Args:
        ledger: whether with what stands in the ledger.
    """
    return generate_latest(_registry(ledger))


def serve(*, ledger: bool = False) -> int | None:
    """Serve `/metrics` in a thread of this process, where SOUNDSTAGE_METRICS_PORT says; returns the port.

    To be called once, before other processes are forked. Returns None when no port is set.

    Args:
        ledger: whether with what stands in the ledger.

    Raises:
        BadSetting: the port is taken.
    """
    port = settings().metrics_port
    if port is None:
        return None
    _begin_sharing()
    try:
        server, _ = start_http_server(port, settings().metrics_host, _registry(ledger))
    except OSError as error:
        raise BadSetting(
            f"SOUNDSTAGE_METRICS_PORT: port {port} of {settings().metrics_host} cannot be listened at "
            f"({error.strerror}); give each process of a host its own, or 0 for any."
        ) from error
    return int(server.server_port)


def names() -> frozenset[str]:
    """All names that samples can have, but those of the process itself."""
    ledger = {family.name for family in _ledger.describe()}
    own = {family.name: family.type for family in _own.collect()}
    counted = {f"{name}{end}" for name, kind in own.items() for end in _ENDINGS[kind]}
    return frozenset(ledger | counted)


_ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


def _registry(ledger: bool) -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Shared() if os.environ.get(_SHARED) else _own)
    if ledger:
        registry.register(_ledger)
    return registry


class _Shared(Collector):
    """What all processes of the folder counted."""

    def collect(self) -> Iterator[Metric]:
        """Added up."""
        yield from MultiProcessCollector(None).collect()  # type: ignore[no-untyped-call]


def _begin_sharing() -> None:
    """Forget what processes before this one counted."""
    if not (shared := os.environ.get(_SHARED)):
        return
    for left in Path(shared).glob("*.db"):
        left.unlink(missing_ok=True)
