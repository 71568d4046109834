"""Queries about steps, for who works them; they know no account, for workers serve all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, Select, case, func, select, update
from sqlalchemy.orm import Session

from services.backbone.ledger.tables import Account, Attempt, Job, JobStatus, Outcome, Step, StepState
from services.backbone.ledger.tables.base import Document


@dataclass(frozen=True)
class Standing:
    """How one kind of a job's steps stands: how many there are and are done, and what share of the work is, 0 to 1."""

    kind: str
    steps: int
    done: int = 0
    reached: float = 0.0


class Steps:
    """Steps of all accounts."""

    def __init__(self, session: Session) -> None:
        """Args: session: of the transaction that asks."""
        self._session = session

    def next_runnable(self, queue: str, limit: int = 1) -> Sequence[Step]:
        """The first steps of a queue that may run now, locked; those that another transaction holds are passed over.

        Steps of accounts that run as much as they may are passed over too.
        """
        now = func.now()
        return self._session.scalars(
            select(Step)
            .where(Step.queue == queue, Step.state == StepState.QUEUED, Step.not_before <= now)
            .where(Step.account_id.not_in(_crowded()))
            .order_by(Step.rank, Step.position)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()

    def room(self, account_id: str) -> int:
        """How many more steps the account may run; exact, for its row is locked until the transaction ends."""
        limit = self._session.execute(
            select(Account.concurrency).where(Account.id == account_id).with_for_update(key_share=True)
        ).scalar_one()
        busy = select(func.count()).where(Step.account_id == account_id, Step.state == StepState.RUNNING)
        return limit - (self._session.scalar(busy) or 0)

    def held(self, step_id: str, attempt: int) -> Step | None:
        """The step, locked, if that attempt still holds it."""
        return self._session.scalar(
            select(Step)
            .where(Step.id == step_id, Step.attempt == attempt, Step.state == StepState.RUNNING)
            .with_for_update()
        )

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
        is_done = Step.state == StepState.DONE
        reached = func.sum(Step.weight * case((is_done, 1.0), else_=Step.progress)) / func.sum(Step.weight)
        counted = (
            select(Step.kind, func.count(), func.count().filter(is_done), reached)
            .where(Step.job_id == job.id, Step.revision == job.revision)
            .group_by(Step.kind)
        )
        return [Standing(*row) for row in self._session.execute(counted)]

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
