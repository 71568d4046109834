"""What stands in the ledger, counted over all accounts: for those who run the service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Float, Select, String, and_, case, cast, func, literal, select, text, union_all
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.backbone.ledger.tables import (
    ACTIVE,
    Delivery,
    DeliveryState,
    Job,
    JobStatus,
    Outbox,
    Step,
    StepState,
    Upload,
    UploadState,
    Worker,
)

RECENTLY = timedelta(hours=1)
_UNKNOWN = "unknown"
_ENDED = (StepState.DONE, StepState.FAILED, StepState.CANCELED)
_Part = Select[Any]
_Value = ColumnElement[Any] | InstrumentedAttribute[Any]


class Reading(NamedTuple):
    """One number; `labels` tell it from others of its name."""

    name: str
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True)
class Census:
    """Counts and ages, each method in one round to the database.

    `patience` is how long a round may take, in seconds: who asks for numbers must not hold up who works.
    """

    session: Session
    patience: float = 5.0

    def present(self, alive: timedelta) -> Sequence[Reading]:
        """What waits and what runs; quick, for indexes hold just that. What is nowhere is left out.

        Args:
            alive: a worker whose last heartbeat is older is not counted.
        """
        return self._take(*_waiting(), *_running(), _jobs(), *_messages(), _uploads(), _workers(alive))

    def past(self) -> Sequence[Reading]:
        """What has ended; reads all steps and jobs that are kept."""
        return self._take(_steps(*_ENDED), _jobs_ended())

    def _take(self, *parts: _Part) -> Sequence[Reading]:
        self.session.execute(text(f"set local statement_timeout = {int(self.patience * 1000)}"))
        rows = self.session.execute(union_all(*parts))
        return [Reading(row.name, tuple(row.labels), row.value) for row in rows if row.value is not None]


def _part(name: str, value: _Value, *labels: _Value) -> _Part:
    told: array[Any] = array([cast(label, String) for label in labels], type_=String())
    return select(literal(name).label("name"), told.label("labels"), cast(value, Float).label("value"))


def _age(oldest: ColumnElement[Any]) -> ColumnElement[Any]:
    """Seconds since; none is NULL, and so is not told."""
    return func.extract("epoch", func.now() - oldest)


def _waiting() -> list[_Part]:
    """Steps that are queued, in one look at each."""
    runnable = Step.not_before <= func.now()
    queued = (
        select(
            Step.queue,
            func.count().label("steps"),
            func.min(Step.not_before).filter(runnable).label("oldest"),
        )
        .where(Step.state == StepState.QUEUED)
        .group_by(Step.queue)
        .cte("queued")
    )
    return [
        _part("steps", queued.c.steps, queued.c.queue, literal(StepState.QUEUED.value)),
        _part("queue_oldest_seconds", _age(queued.c.oldest), queued.c.queue),
    ]


def _running() -> list[_Part]:
    lost = and_(Step.state == StepState.RUNNING, Step.lease_expires_at < func.now())
    return [_steps(StepState.RUNNING), _part("leases_expired", func.count()).where(lost)]


def _steps(*states: StepState) -> _Part:
    # The index of a state serves only who asks for that state alone.
    only = Step.state == states[0] if len(states) == 1 else Step.state.in_(states)
    return _part("steps", func.count(), Step.queue, Step.state).where(only).group_by(Step.queue, Step.state)


def _jobs() -> _Part:
    return _part("jobs", func.count(), Job.status).group_by(Job.status)


def _jobs_ended() -> _Part:
    ended_at = func.coalesce(Job.succeeded_at, Job.failed_at, Job.canceled_at, Job.expired_at)
    failed = Job.status == JobStatus.FAILED
    kind = case((failed, func.coalesce(Job.error["kind"].astext, _UNKNOWN)), else_="")
    return (
        _part("jobs_ended_recently", func.count(), Job.status, kind)
        .where(Job.status.not_in(ACTIVE), ended_at > func.now() - RECENTLY)
        .group_by(Job.status, kind)
    )


def _messages() -> list[_Part]:
    pending = Delivery.state == DeliveryState.PENDING
    due = and_(pending, Delivery.due_at <= func.now())
    return [
        _part("outbox_messages", func.count(Outbox.id)),
        _part("outbox_oldest_seconds", _age(func.min(Outbox.created_at))),
        _part("deliveries_pending", func.count()).where(pending),
        _part("deliveries_due", func.count()).where(due),
        _part("deliveries_oldest_due_seconds", _age(func.min(Delivery.due_at))).where(due),
    ]


def _uploads() -> _Part:
    return _part("uploads_waiting", func.count()).where(Upload.state == UploadState.WAITING)


def _workers(alive: timedelta) -> _Part:
    ready = (
        select(func.unnest(Worker.queues).label("queue"))
        .where(Worker.ready, Worker.draining.is_(False), Worker.heartbeat_at > func.now() - alive)
        .subquery()
    )
    return _part("workers_ready", func.count(), ready.c.queue).group_by(ready.c.queue)
