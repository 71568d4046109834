"""Queries about jobs, and about what an account has under way."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Double, Select, func, select
from sqlalchemy.orm import Session

from services.backbone.errors import NotFound
from services.backbone.ids import is_id
from services.backbone.ledger.tables import ACTIVE, Job, JobStatus

NO_JOB = "There is no such job; list them with GET /v1/jobs."


@dataclass(frozen=True)
class JobFilter:
    """Which jobs are looked for; None does not matter."""

    statuses: Sequence[JobStatus] = ()
    batch_id: str | None = None
    reference: str | None = None
    client_id: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


class Jobs:
    """The jobs of one account."""

    def __init__(self, session: Session, account_id: str) -> None:
        """Args: session: of the transaction that asks. account_id: whose jobs."""
        self._session = session
        self._account_id = account_id

    def get(self, job_id: str, *, lock: bool = False) -> Job:
        """One of them; `lock` holds it until the transaction ends. Raises NotFound."""
        found = self._own().where(Job.id == job_id)
        # The id of the account's own row is never NUL or otherwise strange, and Postgres refuses to look for such.
        job = self._session.scalar(found.with_for_update() if lock else found) if is_id(job_id, "job") else None
        if job is None:
            raise NotFound(NO_JOB)
        return job

    def with_client_id(self, client_id: str) -> Job | None:
        """The one that the client calls so."""
        return self._session.scalar(self._own().where(Job.client_id == client_id))

    def with_client_ids(self, client_ids: Collection[str]) -> dict[str, Job]:
        """Those that the client calls so, by that name."""
        found = self._session.scalars(self._own().where(Job.client_id.in_(client_ids)))
        return {job.client_id: job for job in found if job.client_id is not None}

    def page(self, wanted: JobFilter, after: str | None, limit: int) -> Sequence[Job]:
        """The newest first; those made before the one named."""
        found = _filtered(self._own(), wanted)
        older = found.where(Job.id < after) if after else found
        return self._session.scalars(older.order_by(Job.id.desc()).limit(limit)).all()

    def active(self) -> int:
        """How many have not ended."""
        counted = select(func.count()).where(Job.account_id == self._account_id, Job.status.in_(ACTIVE))
        return self._session.scalar(counted) or 0

    def active_minutes(self, *, besides: str = "") -> float:
        """Minutes of film in those that have not ended, but for the one named, as far as they were read."""
        seconds = func.sum(Job.film["duration"].astext.cast(Double))
        summed = select(seconds).where(Job.account_id == self._account_id, Job.status.in_(ACTIVE), Job.id != besides)
        return (self._session.scalar(summed) or 0.0) / 60

    def _own(self) -> Select[Job]:
        return select(Job).where(Job.account_id == self._account_id)


def _filtered(found: Select[Job], wanted: JobFilter) -> Select[Job]:
    if wanted.statuses:
        found = found.where(Job.status.in_(wanted.statuses))
    for column, value in (
        (Job.batch_id, wanted.batch_id),
        (Job.reference, wanted.reference),
        (Job.client_id, wanted.client_id),
    ):
        if value is not None:
            found = found.where(column == value)
    if wanted.created_after is not None:
        found = found.where(Job.created_at > wanted.created_after)
    if wanted.created_before is not None:
        found = found.where(Job.created_at < wanted.created_before)
    return found
