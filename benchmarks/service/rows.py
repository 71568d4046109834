"""Accounts, films and jobs for the benchmarks, laid into the ledger and the store as the API would."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from services.backbone import keys
from services.backbone.clock import utc_now
from services.backbone.dispatch import flow
from services.backbone.dispatch.ranking import next_rank
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import ACTIVE, Account, Asset, Job, Upload, UploadState
from services.backbone.objects.keys import upload_key
from services.backbone.objects.store import ObjectStore
from services.backbone.options import JobOptions
from services.backbone.settings import settings

_MANY = 10_000_000
_TYPE = "video/mp4"


def customer(name: str) -> tuple[str, str]:
    """An account without limits that matter: its id and a key of it."""
    with transaction() as session:
        account = Accounts(session).create(name)
        _, key = keys.create(session, account.id, name, (keys.Scope.ADMIN,), rate_per_minute=_MANY)
        return account.id, key


def uploaded(account_id: str, film: Path) -> str:
    """An upload that is complete; returns its id."""
    upload_id = new_id("up")
    stored = ObjectStore.of(settings()).put_file(film, upload_key(account_id, upload_id), _TYPE)
    asset = Asset(
        id=new_id("asset"),
        account_id=account_id,
        name="source",
        object_key=stored.key,
        content_type=_TYPE,
        bytes=stored.bytes,
        sha256=stored.sha256,
    )
    with transaction() as session:
        session.add(asset)
        session.flush()
        session.add(_upload(upload_id, asset, film.name))
    return upload_id


def _upload(upload_id: str, asset: Asset, name: str) -> Upload:
    return Upload(
        id=upload_id,
        account_id=asset.account_id,
        state=UploadState.COMPLETED,
        filename=name,
        content_type=_TYPE,
        size=asset.bytes,
        sha256=asset.sha256,
        parts={},
        object_key=asset.object_key,
        store_upload="",
        asset_id=asset.id,
        expires_at=utc_now() + timedelta(days=1),
        completed_at=utc_now(),
    )


def begin_jobs(account_id: str, upload_id: str, count: int) -> list[str]:
    """Jobs of one film, begun in one transaction; their first messages wait in the outbox."""
    with transaction() as session:
        account = session.get_one(Account, account_id, with_for_update=True)
        asset_id = session.scalar(select(Upload.asset_id).where(Upload.id == upload_id))
        jobs = [_job(account, asset_id, next_rank(session, account)) for _ in range(count)]
        for job in jobs:
            session.add(job)
            session.flush()
            flow.start(session, job)
        return [job.id for job in jobs]


def _job(account: Account, asset_id: str | None, rank: float) -> Job:
    return Job(
        id=new_id("job"),
        account_id=account.id,
        rank=rank,
        options=JobOptions().model_dump(mode="json"),
        source={"kind": "upload", "name": "film.mp4"},
        asset_id=asset_id,
        event_seq=0,
        revision=0,
        progress=0.0,
    )


def all_ended(account_id: str) -> Callable[[], bool]:
    """Asks whether no job of an account is under way."""

    def ask() -> bool:
        with transaction() as session:
            active = select(func.count()).where(Job.account_id == account_id, Job.status.in_(ACTIVE))
            return not session.scalar(active)

    return ask


def statuses(account_id: str) -> dict[str, int]:
    """How many jobs of an account stand how."""
    with transaction() as session:
        counted = select(Job.status, func.count()).where(Job.account_id == account_id).group_by(Job.status)
        return {status.value: count for status, count in session.execute(counted)}


def share(values: Iterable[float], part: float) -> float:
    """The value that so large a part of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
