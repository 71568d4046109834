"""Batches: canceled as a whole, however many jobs they have."""

from sqlalchemy import func
from sqlalchemy.orm import Session

from services.backbone.dispatch import flow
from services.backbone.ledger.repositories.batches import to_be_canceled
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Batch

AT_ONCE = 200


def mark_canceled(session: Session, batch: Batch) -> None:
    """Have all jobs of a batch canceled that are under way now, and take in no more."""
    if batch.canceled_at is None:
        batch.canceled_at = func.clock_timestamp()
    session.flush()


def cancel_marked(limit: int = AT_ONCE, batch_id: str | None = None) -> int:
    """Cancel some jobs of batches that are marked; returns how many. The keeper does so until there are none left."""
    with transaction() as session:
        jobs = to_be_canceled(session, limit, batch_id)
        for job in jobs:
            flow.cancel(session, job)
    return len(jobs)
