from datetime import timedelta

import pytest
from sqlalchemy import func, select

from services.backbone import housekeeping
from services.backbone.ids import new_id
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Asset, Job, JobStatus, Upload, UploadState
from services.backbone.objects.keys import step_key, upload_key
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import Settings, settings
from tests.services import rows

PAST = timedelta(seconds=1)
NO_GRACE = timedelta(seconds=-60)


@pytest.fixture
def store(service_settings: Settings) -> ObjectStore:
    return ObjectStore.of(service_settings)


def film(account_id: str, store: ObjectStore) -> Asset:
    key = upload_key(account_id, new_id("up"))
    stored = store.put_bytes(b"film", key, "video/mp4")
    return Asset(
        id=new_id("asset"),
        account_id=account_id,
        name="source",
        object_key=key,
        content_type="video/mp4",
        bytes=4,
        sha256=stored.sha256,
    )


def ended_job(store: ObjectStore, asset_id: str | None = None, **columns: object) -> tuple[str, str]:
    """A job with one thing that it made, and its film's id."""
    with transaction() as session:
        account = rows.account(session)
        asset = session.get(Asset, asset_id) if asset_id else film(account.id, store)
        assert asset is not None
        session.add(asset)
        session.flush()
        job = rows.job(session, account, status=JobStatus.SUCCEEDED, asset_id=asset.id, **columns)
        store.put_bytes(b"made", step_key(account.id, job.id, new_id("step"), 1, "master.flac"), "audio/flac")
        return job.id, asset.id


def keys(store: ObjectStore) -> list[str]:
    return [found.key for found in store.list("")]


def test_a_job_past_its_retention_is_forgotten_with_all_it_made(store: ObjectStore):
    job, asset = ended_job(store, expires_at=func.now() - PAST)
    assert housekeeping.forget_old_jobs() == 1
    with transaction() as session:
        assert session.get(Job, job) is None
        assert session.get(Asset, asset) is None
    assert keys(store) == []


def ended_upload(store: ObjectStore, state: UploadState, *, with_film: bool, used: bool = False) -> tuple[str, str]:
    """An upload that ended two retentions ago, and the key of its film."""
    long_ago = func.now() - 2 * timedelta(seconds=settings().retention)
    with transaction() as session:
        account = rows.account(session)
        asset = film(account.id, store)
        session.add(asset)
        session.flush()
        if used:
            rows.job(session, account, asset_id=asset.id)
        upload = Upload(
            id=new_id("up"),
            account_id=account.id,
            state=state,
            filename="film.mp4",
            content_type="video/mp4",
            size=4,
            parts={},
            object_key=asset.object_key,
            store_upload="",
            asset_id=asset.id if with_film else None,
            created_at=long_ago,
            expires_at=long_ago,
            completed_at=long_ago if with_film else None,
        )
        session.add(upload)
        return upload.id, asset.object_key


def test_a_film_that_no_job_came_for_is_forgotten_with_its_upload(store: ObjectStore):
    upload, key = ended_upload(store, UploadState.COMPLETED, with_film=True)
    assert housekeeping.forget_uploads() == 1
    with transaction() as session:
        assert session.get(Upload, upload) is None
        assert session.scalar(select(Asset.id).where(Asset.object_key == key)) is None
    assert key not in keys(store)


def test_a_film_that_a_job_is_of_outlives_the_retention_of_uploads(store: ObjectStore):
    upload, key = ended_upload(store, UploadState.COMPLETED, with_film=True, used=True)
    assert housekeeping.forget_uploads() == 0
    with transaction() as session:
        assert session.get(Upload, upload) is not None
    assert key in keys(store)


@pytest.mark.parametrize("state", [UploadState.ABORTED, UploadState.EXPIRED])
def test_an_upload_that_came_to_nothing_is_forgotten(store: ObjectStore, state: UploadState):
    upload, _ = ended_upload(store, state, with_film=False)
    assert housekeeping.forget_uploads() == 1
    with transaction() as session:
        assert session.get(Upload, upload) is None


def test_a_film_stays_while_another_job_is_of_it(store: ObjectStore):
    _, asset = ended_job(store, expires_at=func.now() - PAST)
    ended_job(store, asset)
    housekeeping.forget_old_jobs()
    with transaction() as session:
        row = session.get_one(Asset, asset)
    assert row.object_key in keys(store)


@pytest.mark.parametrize(
    "columns",
    [{}, {"expires_at": func.now() + PAST * 60}],
    ids=["without an end", "with an end that lies ahead"],
)
def test_what_is_not_over_stays(store: ObjectStore, columns: dict[str, object]):
    ended_job(store, **columns)
    assert housekeeping.forget_old_jobs() == 0


def test_an_upload_that_nobody_finished_is_given_up(store: ObjectStore):
    with transaction() as session:
        account = rows.account(session)
        id = new_id("up")
        key = upload_key(account.id, id)
        session.add(
            Upload(
                id=id,
                account_id=account.id,
                filename="film.mp4",
                content_type="video/mp4",
                size=10,
                parts={},
                object_key=key,
                store_upload=store.create_upload(key, "video/mp4"),
                expires_at=func.now() - PAST,
            )
        )
    assert housekeeping.expire_uploads() == 1
    with transaction() as session:
        assert session.scalar(select(Upload.state).where(Upload.id == id)) is UploadState.EXPIRED
    assert list(store.unfinished("accounts/")) == []


def test_an_object_that_no_row_names_is_removed(store: ObjectStore):
    _, asset = ended_job(store)
    with transaction() as session:
        named = session.get_one(Asset, asset).object_key
    assert housekeeping.sweep_orphans(NO_GRACE) == 1
    assert keys(store) == [named]


def test_a_young_object_is_left_alone(store: ObjectStore):
    ended_job(store)
    assert housekeeping.sweep_orphans() == 0
    assert len(keys(store)) == 2
