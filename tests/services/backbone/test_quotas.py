import pytest

from services.backbone.errors import ServiceError, TooMany, Unprocessable
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.jobs import Jobs
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Asset
from services.backbone.quotas import hold_minutes, most_bytes
from services.backbone.settings import settings
from tests.services import rows

pytestmark = pytest.mark.usefixtures("service_settings")


def two_jobs(minutes: float | None, other: float) -> tuple[str, str]:
    """An account, and a job of it that nobody read yet beside one of `other` minutes."""
    with transaction() as session:
        account = rows.account(session, max_minutes=minutes)
        rows.job(session, account, film={"duration": 60 * other})
        return account.id, rows.job(session, account).id


def minutes_of(account_id: str) -> float:
    with transaction() as session:
        return Jobs(session, account_id).active_minutes()


@pytest.mark.parametrize(("most", "counted"), [(90, 90), (None, 40)], ids=["within-the-limit", "without-a-limit"])
def test_a_film_that_was_read_counts(most: float | None, counted: float):
    account, job = two_jobs(most, other=40)
    hold_minutes(account, job, 60 * 50.0)
    hold_minutes(account, job, 60 * 50.0)
    assert minutes_of(account) == counted


@pytest.mark.parametrize(
    ("length", "error", "words"),
    [(91, Unprocessable, "has 91.0 minutes, the account may have 90"), (51, TooMany, "when some have ended")],
    ids=["longer-than-all", "too-long-beside-the-other"],
)
def test_a_film_turns_out_too_long(length: float, error: type[ServiceError], words: str):
    account, job = two_jobs(90, other=40)
    with pytest.raises(error, match=words):
        hold_minutes(account, job, 60 * length)
    assert minutes_of(account) == 40


@pytest.mark.parametrize(
    ("most", "left"), [(1000, 600), (None, None), (400, TooMany)], ids=["some-room", "without-a-limit", "no-room"]
)
def test_a_film_that_is_fetched_has_the_room_that_is_left(most: int | None, left: int | type[TooMany] | None):
    with transaction() as session:
        account = rows.account(session, max_bytes=most)
        made = {"name": "source", "object_key": "key", "content_type": "video/mp4", "bytes": 400, "sha256": "0" * 64}
        session.add(Asset(id=new_id("asset"), account_id=account.id, **made))
        account_id = account.id
    if left is TooMany:
        with pytest.raises(TooMany, match="keep no more bytes"):
            most_bytes(account_id)
    else:
        assert most_bytes(account_id) == (left or settings().max_upload)
