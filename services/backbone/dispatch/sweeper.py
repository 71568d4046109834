"""Finds what was left undone: leases that ran out, deadlines that passed, messages that were lost."""

from contextlib import suppress

import redis
import structlog
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, func, literal, select

from services.backbone.dispatch import claims, flow, outbox
from services.backbone.dispatch.retries import delay_for
from services.backbone.errors import Conflict, Unavailable
from services.backbone.ledger.repositories.steps import Steps
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import ACTIVE, Job, Outcome, Step, StepState
from services.backbone.settings import settings

# No more messages are sent for lost ones at a time: each is answered by a worker, which claims what is there.
_TOP_UP = 64
_LOST = {
    "kind": "lost",
    "status": 500,
    "detail": "The worker was lost while it worked on this; try again, and report it if it happens again.",
}
_log = structlog.get_logger()


def reclaim() -> int:
    """Take steps from workers that do not renew their lease; returns how many."""
    with transaction() as session:
        abandoned = [(step.job_id, step.id, step.attempt) for step in Steps(session).abandoned()]
    return sum(_reclaim(*each) for each in abandoned)


def _reclaim(job_id: str, step_id: str, attempt: int) -> bool:
    """In a transaction of its own that locks the job before the step, as everywhere."""
    with transaction() as session:
        job = session.scalar(select(Job).where(Job.id == job_id).with_for_update())
        step = Steps(session).held(step_id, attempt)
        if job is None or step is None or not session.scalar(select(_is_over(step))):
            return False
        _log.warning("lease ran out", job=job_id, step=step_id, attempt=attempt, worker=step.worker_id)
        claims.failed(session, job, step, Outcome.LOST, _LOST, delay_for("lost", step.failures))
    return True


def _is_over(step: Step) -> ColumnElement[bool]:
    return literal(step.lease_expires_at) < func.now()


def expire_jobs(limit: int = 100) -> int:
    """End jobs whose deadline has passed; returns how many."""
    with transaction() as session:
        late = session.scalars(
            select(Job)
            .where(Job.status.in_(ACTIVE), Job.deadline_at < func.now())
            .order_by(Job.deadline_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for job in late:
            with suppress(Conflict):
                flow.expire(session, job)
        return len(late)


def tell_progress(limit: int = 200) -> None:
    """Tell how far jobs are whose steps have gone on since."""
    with transaction() as session:
        running = session.scalars(
            select(Job)
            .where(Job.id.in_(select(Step.job_id).where(Step.state == StepState.RUNNING, Step.progress > 0)))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        for job in running:
            flow.note_progress(session, job)


def top_up() -> int:
    """Send messages to queues that have steps to run and no message; returns how many.

    This is all that is needed after the broker lost everything, and what wakes steps whose back-off has passed.

    Raises:
        Unavailable: the broker is away.
    """
    with transaction() as session:
        runnable = Steps(session).runnable_by_queue()
        missing = {queue: min(count, _TOP_UP) for queue, count in runnable.items() if not _waiting(queue)}
        for queue, count in missing.items():
            for _ in range(count):
                outbox.post(session, queue)
    return sum(missing.values())


def _waiting(queue: str) -> int:
    """How many messages lie in a queue of the broker."""
    try:
        with redis.Redis.from_url(settings().redis_url, socket_timeout=5) as broker:
            return int(broker.llen(queue))
    except RedisError as error:
        raise Unavailable("The message broker is away; what waits is sent when it is back.") from error
