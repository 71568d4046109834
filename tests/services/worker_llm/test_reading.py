from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from services.backbone.dispatch import flow
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Account, Job, JobStatus
from services.backbone.objects.store import ObjectStore
from services.backbone.options import JobOptions
from services.backbone.settings import Settings, settings
from services.worker_llm import reading
from tests.services import rows
from tests.services.jobs import small_film, submit, work_all

HANDLERS = {"fetch": reading.fetch, "read": reading.read}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return small_film(tmp_path, pictures=20)


def error_of(job_id: str) -> dict[str, object]:
    with transaction() as session:
        return dict(session.get_one(Job, job_id).error or {})


def test_a_film_that_turns_out_longer_than_the_account_may_have_fails(service_settings: Settings, film: Path):
    job_id = submit(film, service_settings, JobOptions())
    with transaction() as session:
        session.get_one(Account, session.get_one(Job, job_id).account_id).max_minutes = 0.01

    work_all(HANDLERS)

    assert error_of(job_id)["kind"] == "unprocessable"


@pytest.fixture
def films(service_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """Another bucket, which jobs may name."""
    bucket = f"films-{uuid4().hex}"
    monkeypatch.setenv("SOUNDSTAGE_SOURCE_BUCKETS", bucket)
    settings.cache_clear()
    yield replace(ObjectStore.of(service_settings), bucket=bucket)
    settings.cache_clear()


def test_a_film_is_fetched_only_into_the_room_that_the_account_has_left(films: ObjectStore, film: Path):
    films.client.create_bucket(Bucket=films.bucket)
    foreign = films.put_file(film, "film.mp4", "video/mp4")
    source = {"kind": "s3", "bucket": films.bucket, "key": foreign.key}
    with transaction() as session:
        account = rows.account(session, max_bytes=foreign.bytes - 1)
        job = rows.job(session, account, status=JobStatus.QUEUED, source=source)
        flow.start(session, job)
        job_id = job.id

    work_all(HANDLERS)

    assert error_of(job_id)["kind"] == "too-large"
