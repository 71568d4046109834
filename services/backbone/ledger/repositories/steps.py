"""Queries about steps, for who works them; they know no account, for workers serve all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, Interval, Select, bindparam, case, func, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from services.backbone.ledger.tables import Account, Attempt, Job, JobStatus, Outcome, Step, StepState
from services.backbone.ledger.tables.base import Document


@dataclass(frozen=True)
class Standing:
    """How one kind of a job's steps stands: how many there are and are done, and what share of the work is, 0 to 1."""

    kind: str
    steps: int
    done: int = 0
    reached: float = 0.0


class Runnable(NamedTuple):
    """A step that may run now, and what it takes to choose among such."""

    id: str
    account_id: str
    kind: str


class Taken(NamedTuple):
    """A step that was just claimed, and how its job stands."""

    id: str
    attempt: int
    job_id: str
    account_id: str
    revision: int
    kind: str
    queue: str
    unit: Document
    job_status: JobStatus
    traceparent: str | None


class Steps:
    """Steps of all accounts."""

    def __init__(self, session: Session) -> None:
        """Args: session: of the transaction that asks."""
        self._session = session

    def next_runnable(self, queue: str, limit: int = 1) -> Sequence[Runnable]:
        """The first steps of a queue that may run now, locked; those that another transaction holds are passed over.

        Steps of accounts that run as much as they may are passed over too.
        """
        rows = self._session.execute(_RUNNABLE, {"queue": queue, "most": limit})
        return [Runnable._make(row) for row in rows]

    def take(self, ids: Sequence[str], worker_id: str, lease: timedelta) -> Sequence[Taken]:
        """Let a worker run steps that are locked by this transaction, each as a new attempt; in the fair order."""
        rows = self._session.execute(_TAKE, {"ids": list(ids), "worker": worker_id, "lease": lease})
        return [Taken._make(row) for row in rows]

    def room(self, account_id: str) -> int:
        """How many more steps the account may run; exact, for its row is locked until the transaction ends."""
        limit = self._session.execute(_CONCURRENCY, {"account": account_id}).scalar_one()
        return limit - (self._session.scalar(_BUSY, {"account": account_id}) or 0)

    def held(self, step_id: str, attempt: int) -> Step | None:
        """The step, locked, if that attempt still holds it."""
        return self._session.scalar(
            select(Step)
            .where(Step.id == step_id, Step.attempt == attempt, Step.state == StepState.RUNNING)
            .with_for_update()
        )

    def end(
        self, step_id: str, attempt: int, state: StepState, outcome: Outcome, error: Document | None = None
    ) -> bool:
        """End a step with its attempt; False when that attempt does not hold it any more."""
        told = {"step": step_id, "held": attempt, "into": state, "how": outcome, "why": error}
        return self._session.scalar(_END, told) is not None

    def renew(self, step_id: str, attempt: int, lease: timedelta, progress: float) -> JobStatus | None:
        """Renew a lease; returns how the job stands, or None when the attempt does not hold the step any more."""
        return self._session.scalar(
            update(Step)
            .where(Step.id == step_id, Step.attempt == attempt, Step.state == StepState.RUNNING)
            .where(Job.id == Step.job_id)
            .values(lease_expires_at=func.now() + lease, progress=progress)
            .returning(Job.status)
        )

    def abandoned(self, limit: int = 100) -> Sequence[Step]:
        """Running steps whose lease is over, locked."""
        return self._session.scalars(
            select(Step)
            .where(Step.state == StepState.RUNNING, Step.lease_expires_at < func.now())
            .order_by(Step.lease_expires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()

    def standings(self, job: Job) -> Sequence[Standing]:
        """How each kind of steps stands in the job's present round of work."""
        counted = self._session.execute(_STANDINGS, {"job": job.id, "round": job.revision})
        return [Standing(*row) for row in counted]

    def unfinished(self, job: Job) -> Sequence[Step]:
        """Steps of the job's present round that are not done, whatever became of them; locked in order."""
        return self._session.scalars(
            select(Step)
            .where(Step.job_id == job.id, Step.revision == job.revision, Step.state != StepState.DONE)
            .order_by(Step.id)
            .with_for_update()
        ).all()

    def cancel_queued(self, job: Job) -> int:
        """Cancel the job's steps that nobody works on; returns how many."""
        result = self._session.execute(
            update(Step)
            .where(Step.job_id == job.id, Step.state == StepState.QUEUED)
            .values(state=StepState.CANCELED, finished_at=func.now())
        )
        return cast("CursorResult[tuple[()]]", result).rowcount

    def runnable_by_queue(self) -> dict[str, int]:
        """How many steps of each queue may run now."""
        counted = (
            select(Step.queue, func.count())
            .where(Step.state == StepState.QUEUED, Step.not_before <= func.now())
            .where(Step.account_id.not_in(_crowded()))
            .group_by(Step.queue)
        )
        return dict(iter(self._session.execute(counted)))

    def history(self, step: Step) -> list[Document]:
        """The step's attempts, for the report of a failure."""
        attempts = self._session.scalars(
            select(Attempt).where(Attempt.step_id == step.id).order_by(Attempt.number.desc()).limit(20)
        )
        return [
            {"attempt": a.number, "outcome": a.outcome, "error": a.error, "ended_at": _iso(a.ended_at)}
            for a in reversed(list(attempts))
        ]

    def end_attempt(self, step: Step, outcome: Outcome, error: Document | None = None) -> None:
        """Write down how the step's present attempt ended."""
        self._session.execute(
            update(Attempt)
            .where(Attempt.step_id == step.id, Attempt.number == step.attempt)
            .values(ended_at=func.now(), outcome=outcome, error=error)
        )


def _crowded() -> Select[str]:
    """Accounts that run as many steps as they may."""
    return (
        select(Step.account_id)
        .join(Account, Account.id == Step.account_id)
        .where(Step.state == StepState.RUNNING)
        .group_by(Step.account_id, Account.concurrency)
        .having(func.count() >= Account.concurrency)
    )


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


# What is asked with every step is put together once: that takes as long as to ask.
_RUNNABLE = (
    select(Step.id, Step.account_id, Step.kind)
    .where(Step.queue == bindparam("queue"), Step.state == StepState.QUEUED, Step.not_before <= func.now())
    .where(Step.account_id.not_in(_crowded()))
    .order_by(Step.rank, Step.position)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CONCURRENCY = select(Account.concurrency).where(Account.id == bindparam("account")).with_for_update(key_share=True)
_BUSY = select(func.count()).where(Step.account_id == bindparam("account"), Step.state == StepState.RUNNING)


def _take() -> Select[*tuple[Any, ...]]:
    """Steps become running ones with an attempt each; their jobs are looked at in the same breath."""
    of_step = [getattr(Step, name) for name in Taken._fields if hasattr(Step, name)]
    taken = (
        update(Step)
        .where(Step.id.in_(bindparam("ids", expanding=True)))
        .values(
            state=StepState.RUNNING,
            attempt=Step.attempt + 1,
            progress=0.0,
            worker_id=bindparam("worker"),
            started_at=func.clock_timestamp(),
            lease_expires_at=func.now() + bindparam("lease", type_=Interval),
        )
        .returning(*of_step, Step.worker_id, Step.rank, Step.position)
        .cte("taken")
    )
    attempts = select(taken.c.id, taken.c.attempt, taken.c.worker_id)
    return (
        select(*(taken.c[column.key] for column in of_step), Job.status, Job.traceparent)
        .join(Job, Job.id == taken.c.job_id)
        .order_by(taken.c.rank, taken.c.position)
        .add_cte(insert(Attempt).from_select(["step_id", "number", "worker_id"], attempts).cte("noted"))
    )


def _end() -> ReturningUpdate[int]:
    """A running step ends with its attempt; the number of the attempt comes back where it held the step."""
    ended = (
        update(Step)
        .where(Step.id == bindparam("step"), Step.attempt == bindparam("held"), Step.state == StepState.RUNNING)
        .values(state=bindparam("into"), lease_expires_at=None, finished_at=func.now())
        .returning(Step.id, Step.attempt)
        .cte("ended")
    )
    return (
        update(Attempt)
        .where(Attempt.step_id == ended.c.id, Attempt.number == ended.c.attempt)
        .values(ended_at=func.now(), outcome=bindparam("how"), error=bindparam("why"))
        .returning(Attempt.number)
        # No row of these is held as an object while one ends, so none needs to be brought up to date.
        .execution_options(synchronize_session=False)
    )


def _standings() -> Select[str, int, int, float]:
    is_done = Step.state == StepState.DONE
    reached = func.sum(Step.weight * case((is_done, 1.0), else_=Step.progress)) / func.sum(Step.weight)
    return (
        select(Step.kind, func.count(), func.count().filter(is_done), reached)
        .where(Step.job_id == bindparam("job"), Step.revision == bindparam("round"))
        .group_by(Step.kind)
    )


_TAKE, _END, _STANDINGS = _take(), _end(), _standings()
