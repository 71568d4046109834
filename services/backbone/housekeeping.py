"""What is over is cleared away: uploads nobody finished, jobs past their retention, objects nobody names."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import ACTIVE, Asset, IdempotencyKey, Job, Take, Upload, UploadState
from services.backbone.objects.keys import job_prefix
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import settings
from services.backbone.webhooks.deliveries import forget_messages

# An object is written before its row is: what is younger may still be named.
GRACE = timedelta(hours=1)
_KEEP_ANSWERS = timedelta(hours=24)
_AT_ONCE = 500
_log = structlog.get_logger()


def expire_uploads(limit: int = _AT_ONCE) -> int:
    """Give up uploads that were not finished in time, and free their parts; returns how many."""
    with transaction() as session:
        late = session.scalars(
            select(Upload)
            .where(Upload.state == UploadState.WAITING, Upload.expires_at < func.now())
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for upload in late:
            upload.state = UploadState.EXPIRED
            _store().abort_upload(upload.object_key, upload.store_upload)
        return len(late)


def forget_old_jobs(limit: int = 50) -> int:
    """Forget jobs whose retention is over; returns how many."""
    with transaction() as session:
        old = session.scalars(
            select(Job)
            .where(Job.expires_at < func.now(), Job.status.not_in(ACTIVE))
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        left = [forget(session, job) for job in old]
    for each in left:
        each.clear(_store())
    return len(left)


class Leftovers:
    """The objects of a job that was forgotten, to be deleted once that is committed; else the sweeper finds them."""

    def __init__(self, prefix: str, film: str | None) -> None:
        """Args: prefix: of all that the job made. film: the key of its film, where no other job uses it."""
        self._prefix = prefix
        self._film = film

    def clear(self, store: ObjectStore) -> None:
        """Delete them. Raises Unavailable when the store is away."""
        store.delete_prefix(self._prefix)
        if self._film is not None:
            store.delete([self._film])


def forget(session: Session, job: Job) -> Leftovers:
    """Forget a job that has ended, with all that it made, and its film unless another job is of it too."""
    film = unused_film(session, job.asset_id, besides=job.id)
    session.delete(job)
    session.flush()
    if film is not None:
        session.delete(film)
    return Leftovers(job_prefix(job.account_id, job.id), film.object_key if film else None)


def unused_film(session: Session, asset_id: str | None, *, besides: str = "") -> Asset | None:
    """A film that no job is of, but for the one named; it is locked, so that none comes to be."""
    # Locked first: a job that is being made of it just now is waited for, and then seen.
    film = session.get(Asset, asset_id, with_for_update=True) if asset_id else None
    used = session.scalar(select(Job.id).where(Job.asset_id == asset_id, Job.id != besides).limit(1))
    return film if used is None else None


def forget_uploads(limit: int = _AT_ONCE) -> int:
    """Forget uploads that ended before the retention, and films of them that no job is of; returns how many."""
    border = func.now() - timedelta(seconds=settings().retention)
    of_it = exists().where(Job.asset_id == Upload.asset_id)
    with transaction() as session:
        old = session.scalars(
            select(Upload)
            .where(Upload.state != UploadState.WAITING, func.coalesce(Upload.completed_at, Upload.created_at) < border)
            .where(~of_it)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        left = [forget_upload(session, upload) for upload in old]
    _store().delete(sorted(key for key in left if key is not None))
    return len(old)


def forget_upload(session: Session, upload: Upload) -> str | None:
    """Forget an upload, which is locked, with its film unless a job is of it; returns the object that is left over."""
    film = unused_film(session, upload.asset_id)
    session.delete(upload)
    session.flush()
    if film is not None:
        session.delete(film)
    return film.object_key if film else None


def forget_answers() -> None:
    """Forget answers that were kept for requests that come again."""
    with transaction() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < func.now() - _KEEP_ANSWERS))


def sweep_orphans(grace: timedelta = GRACE) -> int:
    """Delete objects that no row names, once they are older than `grace`; returns how many.

    They come from attempts that were fenced off, and from processes that were killed between store and ledger.
    """
    removed = 0
    for keys in _batches(_old_keys(grace)):
        orphans = sorted(set(keys) - _named(keys))
        _store().delete(orphans)
        removed += len(orphans)
    if removed:
        _log.info("orphans removed", count=removed)
    return removed


def _old_keys(grace: timedelta) -> Iterator[str]:
    border = utc_now() - grace
    return (found.key for found in _store().list("accounts/") if found.last_modified < border)


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for key in keys:
        batch.append(key)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _named(keys: Sequence[str]) -> set[str]:
    """Those of the keys that a row names, whichever table it is in."""
    with transaction() as session:
        columns = (Asset.object_key, Take.object_key, Upload.object_key)
        return {key for column in columns for key in session.scalars(select(column).where(column.in_(keys)))}


def _store() -> ObjectStore:
    return ObjectStore.of(settings())


TASKS = (expire_uploads, forget_uploads, forget_old_jobs, forget_answers, forget_messages)
