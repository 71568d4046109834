"""Claims: how a worker takes a step, keeps it, and gives it back done, failed or untouched.

A claim is an attempt with a number and a lease. Whoever lets the lease run out is fenced off: its number is not the
step's any more, and nothing that it writes is taken.
"""

from collections.abc import Sequence
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
from services.backbone.ledger.repositories.steps import Steps
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Attempt, Job, Outcome, Step, StepState
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
        taken: list[Step] = []
        for step in steps.next_runnable(queue, limit):
            if taken and step.kind != taken[0].kind:
                break
            if steps.room(step.account_id) < 1:
                continue
            _take(session, step, worker_id)
            taken.append(step)
        return tuple(_claim(session, step) for step in taken)


def _take(session: Session, step: Step, worker_id: str) -> None:
    step.state = StepState.RUNNING
    step.attempt += 1
    step.progress = 0.0
    step.worker_id = worker_id
    step.started_at = func.clock_timestamp()
    step.lease_expires_at = func.now() + settings().lease_time
    session.add(Attempt(step_id=step.id, number=step.attempt, worker_id=worker_id))
    session.flush()


def _claim(session: Session, step: Step) -> Claim:
    traceparent = flow.note_started(session, step)
    return Claim(
        step_id=step.id,
        attempt=step.attempt,
        job_id=step.job_id,
        account_id=step.account_id,
        revision=step.revision,
        kind=step.kind,
        queue=step.queue,
        unit=step.unit,
        traceparent=traceparent,
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
        job, step = _locked(session, held)
        if step is None or job is None:
            return _fenced(held)
        steps = Steps(session)
        if job.status.is_final:
            _end(steps, step, StepState.CANCELED, Outcome.CANCELED)
            return False
        store(session, job, held.step_id, held.attempt, product)
        _end(steps, step, StepState.DONE, Outcome.DONE)
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
    if job.status.is_final:
        _end(steps, step, StepState.CANCELED, Outcome.CANCELED)
        return
    if delay is None or step.failures >= settings().attempts:
        _end(steps, step, StepState.FAILED, outcome, problem)
        session.flush()
        flow.fail(session, job, step, problem)
        return
    steps.end_attempt(step, outcome, problem)
    _requeue(session, step, delay)


def hand_back(held: Sequence[Claim]) -> None:
    """Give steps back untouched, for another worker to take at once; no failure is counted."""
    for each in held:
        with transaction() as session:
            job, step = _locked(session, each)
            if step is None or job is None:
                continue
            Steps(session).end_attempt(step, Outcome.HANDED_BACK)
            if job.status.is_final:
                _end(Steps(session), step, StepState.CANCELED, Outcome.CANCELED)
            else:
                _requeue(session, step, 0.0)


def drop(held: Claim) -> None:
    """Leave a step whose job was canceled."""
    with transaction() as session:
        job, step = _locked(session, held)
        if step is not None and job is not None:
            _end(Steps(session), step, StepState.CANCELED, Outcome.CANCELED)


def _requeue(session: Session, step: Step, delay: float) -> None:
    step.state = StepState.QUEUED
    step.lease_expires_at = None
    step.not_before = func.now() + timedelta(seconds=delay)
    if not delay:  # else the sweeper sends the message when the time has come
        outbox.post(session, step.queue)


def _end(steps: Steps, step: Step, state: StepState, outcome: Outcome, error: Document | None = None) -> None:
    step.state = state
    step.lease_expires_at = None
    step.finished_at = func.now()
    steps.end_attempt(step, outcome, error)


def _locked(session: Session, held: Claim) -> tuple[Job | None, Step | None]:
    """The claim's job and step, locked in that order as everywhere, so that no two wait for each other."""
    job = session.scalar(select(Job).where(Job.id == held.job_id).with_for_update())
    return job, Steps(session).held(held.step_id, held.attempt)


def _fenced(held: Claim) -> bool:
    metrics.count_fenced(held.kind)
    _log.warning("fenced off", job=held.job_id, step=held.step_id, attempt=held.attempt)
    return False
