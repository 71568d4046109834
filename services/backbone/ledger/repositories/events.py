"""Queries about what happened to jobs."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ARRAY, Integer, Row, String, func, literal, select, true
from sqlalchemy.orm import Session, aliased

from services.backbone.ledger.tables import Event, Job, JobStatus

_MOST_NEWS = 100


class Events:
    """What happened to the jobs of one account."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose jobs."""
        self._session = session
        self._account_id = account_id

    def page(self, job_id: str, after: int, limit: int) -> Sequence[Event]:
        """The first events of a job behind `after`, in order."""
        return self._session.scalars(
            select(Event)
            .join(Job, Job.id == Event.job_id)
            .where(Job.account_id == self._account_id, Event.job_id == job_id, Event.seq > after)
            .order_by(Event.seq)
            .limit(limit)
        ).all()


def news(session: Session, reached: Mapping[str, int]) -> Sequence[Row[str, JobStatus, int, Event | None]]:
    """What happened to jobs that somebody follows, in one question.

    Whether they may was asked when they began: this one knows no account.

    Args:
        session: of the transaction that asks.
        reached: for each job, the number of the last event known.

    Returns:
        Rows of the job's id, its status, the number of its last event, and an event that is new; a job without news
        comes once, without an event, and a job that is gone not at all. In order of the events, a limited number for
        each job.
    """
    ids = literal(list(reached), ARRAY(String))
    numbers = literal(list(reached.values()), ARRAY(Integer))
    followed = func.unnest(ids, numbers).table_valued("job_id", "seq", name="followed").render_derived()
    behind = (
        select(Event)
        .where(Event.job_id == followed.c.job_id, Event.seq > followed.c.seq)
        .order_by(Event.seq)
        .limit(_MOST_NEWS)
        .lateral("behind")
    )
    event = aliased(Event, behind)
    return session.execute(
        select(Job.id, Job.status, Job.event_seq, event)
        .join_from(followed, Job, Job.id == followed.c.job_id)
        .outerjoin(behind, true())
        .order_by(behind.c.seq)
    ).all()
