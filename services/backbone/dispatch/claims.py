"""Claims: how a worker takes a step, keeps it, and gives it back done, failed or untouched.

A claim is an attempt with a number and a lease. Whoever lets the lease run out is fenced off: its number is not the
step's any more, and nothing that it writes is taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.backbone import metrics
from services.backbone.dispatch import flow, outbox
from services.backbone.dispatch.products import Product, store
from services.backbone.dispatch.retries import problem_of, retry_delay
from services.backbone.ledger.repositories.steps import Runnable, Steps, Taken
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Job, JobStatus, Outcome, Step, StepState
from services.backbone.ledger.tables.base import Document
from services.backbone.settings import settings

_log = structlog.get_logger()


class Stop(StrEnum):
    """Why a worker must leave a step at once."""

    CANCELED = "canceled"
    FENCED = "fenced"
    DRAINING = "draining"


@dataclass(frozen=True)
class Claim:
    """A step that a worker holds."""

    step_id: str
    attempt: int
    job_id: str
    account_id: str
    revision: int
    kind: str
    queue: str
    unit: Document
    traceparent: str | None


def claim(queue: str, worker_id: str, limit: int = 1) -> tuple[Claim, ...]:
    """Take up to `limit` steps of a queue, in the fair order; several are of one kind, to be worked together."""
    with transaction() as session:
        steps = Steps(session)
        chosen = list(_choose(steps, steps.next_runnable(queue, limit)))
        taken = steps.take(chosen, worker_id, settings().lease_time) if chosen else ()
        for step in taken:
            if step.job_status is JobStatus.QUEUED:
                flow.note_started(session, step.job_id)
        return tuple(_claim(step) for step in taken)


def _choose(steps: Steps, runnable: Sequence[Runnable]) -> Iterator[str]:
    """Those of the first one's kind, as far as each account has room for them."""
    room: dict[str, int] = {}
    for step in runnable:
        if step.kind != runnable[0].kind:
            return
        if step.account_id not in room:
            room[step.account_id] = steps.room(step.account_id)
        if room[step.account_id] > 0:
            room[step.account_id] -= 1
            yield step.id


def _claim(step: Taken) -> Claim:
    return Claim(
        step_id=step.id,
        attempt=step.attempt,
        job_id=step.job_id,
        account_id=step.account_id,
        revision=step.revision,
        kind=step.kind,
        queue=step.queue,
        unit=step.unit,
        traceparent=step.traceparent,
    )


def renew(held: Claim, progress: float) -> Stop | None:
    """Renew the lease of a claim and tell how far it is; returns why to stop, if there is reason to."""
    with transaction() as session:
        status = Steps(session).renew(held.step_id, held.attempt, settings().lease_time, progress)
    if status is None:
        return Stop.FENCED
    return Stop.CANCELED if status.is_final else None


def finish(held: Claim, product: Product) -> bool:
    """Hand in what the step made; in the same transaction the next steps are written. False when fenced off."""
    with transaction() as session:
        job = _locked_job(session, held)
        is_over = job is not None and job.status.is_final
        state, outcome = (StepState.CANCELED, Outcome.CANCELED) if is_over else (StepState.DONE, Outcome.DONE)
        if job is None or not Steps(session).end(held.step_id, held.attempt, state, outcome):
            return _fenced(held)
        if is_over:
            return False
        store(session, job, held.step_id, held.attempt, product)
        session.flush()
        flow.advance(session, job)
    return True


def fail(held: Claim, error: BaseException) -> None:
    """Say that the attempt failed: the step comes again after a while, or fails its job for good."""
    with transaction() as session:
        job, step = _locked(session, held)
        if step is None or job is None:
            _fenced(held)
            return
        failed(session, job, step, Outcome.FAILED, problem_of(error), retry_delay(error, step.failures))


def failed(session: Session, job: Job, step: Step, outcome: Outcome, problem: Document, delay: float | None) -> None:
    """Count a failure of a step whose job is locked; None as a delay, or too many failures, fail the job."""
    steps = Steps(session)
    step.failures += 1
    step.error = problem
    session.flush()
    if job.status.is_final:
        steps.end(step.id, step.attempt, StepState.CANCELED, Outcome.CANCELED)
    elif delay is None or step.failures >= settings().attempts:
        steps.end(step.id, step.attempt, StepState.FAILED, outcome, problem)
        flow.fail(session, job, step, problem)
    else:
        steps.end_attempt(step, outcome, problem)
        _requeue(session, step, delay)


def hand_back(held: Claim) -> None:
    """Give a step back untouched, for another worker to take at once; no failure is counted.

    Of a job that has ended it is given up. A job may have ended while the step was worked and have been tried again
    since: then its step is wanted.
    """
    with transaction() as session:
        job, step = _locked(session, held)
        if job is None or step is None:
            return
        steps = Steps(session)
        if job.status.is_final:
            steps.end(step.id, step.attempt, StepState.CANCELED, Outcome.CANCELED)
        else:
            steps.end_attempt(step, Outcome.HANDED_BACK)
            _requeue(session, step, 0.0)


def _requeue(session: Session, step: Step, delay: float) -> None:
    step.state = StepState.QUEUED
    step.lease_expires_at = None
    step.not_before = func.now() + timedelta(seconds=delay)
    if not delay:  # else the sweeper sends the message when the time has come
        outbox.post(session, step.queue)


def _locked(session: Session, held: Claim) -> tuple[Job | None, Step | None]:
    """The claim's job and step, locked in that order as everywhere, so that no two wait for each other."""
    return _locked_job(session, held), Steps(session).held(held.step_id, held.attempt)


def _locked_job(session: Session, held: Claim) -> Job | None:
    return session.scalar(select(Job).where(Job.id == held.job_id).with_for_update())


def _fenced(held: Claim) -> bool:
    metrics.count_fenced(held.kind)
    _log.warning("fenced off", job=held.job_id, step=held.step_id, attempt=held.attempt)
    return False
