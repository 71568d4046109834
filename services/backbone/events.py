"""What happens to jobs, told in order: to who follows over SSE, and to who is called back."""

from sqlalchemy.orm import Session

from services.backbone.ledger.tables import Event, Job
from services.backbone.ledger.tables.base import Document
from services.backbone.webhooks import messages


def record(session: Session, job: Job, type: str, data: Document | None = None) -> None:
    """Append an event to a job whose row is locked by this transaction, and tell webhooks that want it.

    The lock makes `seq` follow the order of the commits, so that no follower ever misses one.
    """
    job.event_seq += 1
    session.add(Event(job_id=job.id, seq=job.event_seq, type=type, data=data or {}))
    messages.announce(session, job, type, data or {})
