from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.errors import NotFound
from services.backbone.ledger.repositories.jobs import JobFilter, Jobs
from services.backbone.ledger.tables import JobStatus
from tests.services import rows


def test_jobs_are_those_of_the_account(session: Session) -> None:
    mine, other = rows.account(session), rows.account(session)
    job = rows.job(session, mine, client_id="film-1")

    assert Jobs(session, mine.id).get(job.id) is job
    assert Jobs(session, mine.id).with_client_id("film-1") is job
    assert Jobs(session, other.id).with_client_id("film-1") is None
    with pytest.raises(NotFound):
        Jobs(session, other.id).get(job.id, lock=True)
    assert Jobs(session, other.id).page(JobFilter(), None, 10) == []


_UNKNOWN = "01jdk3w5t7m2q9v8x4c6b1n0za"


@pytest.mark.parametrize(
    "id", ["", "job_", "job_\0", "job_01jdk3w5t7m2q9v8x4c6b1n0za", "up_01jdk3w5t7m2q9v8x4c6b1n0za"]
)
def test_what_is_no_job_is_not_found(session: Session, id: str) -> None:
    with pytest.raises(NotFound):
        Jobs(session, rows.account(session).id).get(id)


def test_what_is_under_way_is_counted(session: Session) -> None:
    account = rows.account(session)
    rows.job(session, account, status=JobStatus.QUEUED)
    rows.job(session, account, status=JobStatus.RUNNING, film={"duration": 90.0})
    rows.job(session, account, status=JobStatus.SUCCEEDED, film={"duration": 600.0})

    assert Jobs(session, account.id).active() == 2
    assert Jobs(session, account.id).active_minutes() == 1.5


def test_nothing_under_way_is_nothing(session: Session) -> None:
    account = rows.account(session)

    assert (Jobs(session, account.id).active(), Jobs(session, account.id).active_minutes()) == (0, 0.0)


def test_pages_go_on_where_the_last_ended(session: Session) -> None:
    account = rows.account(session)
    made = sorted(rows.job(session, account).id for _ in range(5))
    jobs = Jobs(session, account.id)

    first = jobs.page(JobFilter(), None, 2)
    second = jobs.page(JobFilter(), first[-1].id, 10)

    assert [job.id for job in [*first, *second]] == made[::-1]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(JobFilter(statuses=(JobStatus.FAILED,)), ["old"], id="status"),
        pytest.param(JobFilter(statuses=(JobStatus.FAILED, JobStatus.RUNNING)), ["new", "old"], id="statuses"),
        pytest.param(JobFilter(reference="episode"), ["old"], id="reference"),
        pytest.param(JobFilter(client_id="new"), ["new"], id="client-id"),
        pytest.param(JobFilter(created_after=utc_now() - timedelta(hours=1)), ["new"], id="after"),
        pytest.param(JobFilter(created_before=utc_now() - timedelta(hours=1)), ["old"], id="before"),
        pytest.param(JobFilter(batch_id="none"), [], id="batch"),
    ],
)
def test_jobs_are_found_by_what_is_known_of_them(session: Session, wanted: JobFilter, found: list[str]) -> None:
    account = rows.account(session)
    day_ago = utc_now() - timedelta(days=1)
    rows.job(session, account, client_id="old", reference="episode", status=JobStatus.FAILED, created_at=day_ago)
    rows.job(session, account, client_id="new")

    page = Jobs(session, account.id).page(wanted, None, 10)

    assert sorted(job.client_id for job in page) == found
