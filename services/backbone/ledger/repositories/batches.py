"""Queries about batches."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.backbone.errors import NotFound
from services.backbone.ids import is_id
from services.backbone.ledger.tables import ACTIVE, Batch, Job, JobStatus

_NO_BATCH = "There is no such batch; list them with GET /v1/batches."

Counts = Mapping[JobStatus, int]


class Batches:
    """The batches of one account."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose."""
        self._session = session
        self._account_id = account_id

    def add(self, batch: Batch) -> Batch:
        """Keep a new one."""
        self._session.add(batch)
        self._session.flush()
        return batch

    def get(self, batch_id: str, *, lock: bool = False) -> Batch:
        """One of them; `lock` holds it until the transaction ends. Raises NotFound."""
        found = self._own().where(Batch.id == batch_id)
        wanted = found.with_for_update(key_share=True) if lock else found
        batch = self._session.scalar(wanted) if is_id(batch_id, "batch") else None
        if batch is None:
            raise NotFound(_NO_BATCH)
        return batch

    def with_reference(self, reference: str, *, lock: bool = False) -> Batch | None:
        """The one that the client calls so."""
        found = self._own().where(Batch.reference == reference)
        return self._session.scalar(found.with_for_update(key_share=True) if lock else found)

    def page(self, reference: str | None, after: str | None, limit: int) -> Sequence[Batch]:
        """The newest first; those made before the one named."""
        found = self._own().where(Batch.reference == reference) if reference is not None else self._own()
        older = found.where(Batch.id < after) if after else found
        return self._session.scalars(older.order_by(Batch.id.desc()).limit(limit)).all()

    def counts(self, batch_ids: Collection[str]) -> Mapping[str, Counts]:
        """For each batch, how many of its jobs have which status."""
        counted = (
            select(Job.batch_id, Job.status, func.count())
            .where(Job.account_id == self._account_id, Job.batch_id.in_(batch_ids))
            .group_by(Job.batch_id, Job.status)
        )
        found: dict[str, dict[JobStatus, int]] = {batch_id: {} for batch_id in batch_ids}
        for batch_id, status, count in self._session.execute(counted):
            if batch_id is not None:
                found[batch_id][status] = count
        return found

    def failures(self, batch_id: str, limit: int) -> Sequence[Job]:
        """Jobs of a batch that failed, the first first."""
        failed = select(Job).where(
            Job.account_id == self._account_id, Job.batch_id == batch_id, Job.status == JobStatus.FAILED
        )
        return self._session.scalars(failed.order_by(Job.id).limit(limit)).all()

    def _own(self) -> Select[Batch]:
        return select(Batch).where(Batch.account_id == self._account_id)


def to_be_canceled(session: Session, limit: int, batch_id: str | None = None) -> Sequence[Job]:
    """Jobs under way whose batch was canceled after they were queued, locked; of all accounts, or of one batch.

    Those that another transaction holds just now are passed over. The last in line come first: what has hardly begun
    is to be kept from beginning.
    """
    canceled = (
        select(Job)
        .join(Batch, Batch.id == Job.batch_id)
        .where(Job.status.in_(ACTIVE), Batch.canceled_at.is_not(None), Job.queued_at <= Batch.canceled_at)
    )
    found = canceled if batch_id is None else canceled.where(Batch.id == batch_id)
    return session.scalars(found.order_by(Job.rank.desc()).limit(limit).with_for_update(of=Job, skip_locked=True)).all()
