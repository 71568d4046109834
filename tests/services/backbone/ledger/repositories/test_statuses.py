import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy.orm import Session

from services.backbone.clock import utc_now
from services.backbone.keys import create
from services.backbone.ledger.repositories.statuses import Statuses
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import ApiKey
from services.backbone.settings import Settings
from tests.services import rows

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def statuses(service_settings: Settings) -> AsyncIterator[Statuses]:
    made = Statuses(service_settings.database_url)
    yield made
    await made.close()


def _account(session: Session, jobs: int = 1) -> tuple[ApiKey, list[str]]:
    account = rows.account(session)
    key, _ = create(session, account.id, "test")
    return key, [rows.job(session, account).id for _ in range(jobs)]


async def test_each_gets_the_answer_to_its_own_question(statuses: Statuses) -> None:
    with transaction() as session:
        (mine, jobs), (other, _) = _account(session, 30), _account(session)

    answers = await asyncio.gather(
        *(statuses.ask(mine.digest, job) for job in jobs),
        *(statuses.ask(other.digest, job) for job in jobs),
        statuses.ask("0" * 64, jobs[0]),
        statuses.holder(mine.digest),
    )

    assert [row["id"] for row in answers[:30]] == jobs
    assert [(row["id"], row["account_id"]) for row in answers[30:60]] == [(None, other.account_id)] * 30
    assert answers[60] is None
    assert answers[61]["key_id"] == mine.id


async def test_who_asks_as_the_last_reader_ends_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses, gate = Statuses("postgresql://nobody@127.0.0.1:9/none"), asyncio.Event()

    async def rows_once_open(asked: Sequence[object]) -> list[None]:
        await gate.wait()
        return [None] * len(asked)

    async def ask_twice() -> None:
        await statuses.ask("0" * 64, "")
        await statuses.ask("0" * 64, "")

    monkeypatch.setattr(statuses, "_rows", rows_once_open)
    asking = []
    for _ in range(2):  # one turn after the other, so that two readers wait
        asking.append(asyncio.create_task(ask_twice()))
        await asyncio.sleep(0.01)
    gate.set()

    await asyncio.wait_for(asyncio.gather(*asking), 5)


async def test_who_hangs_up_takes_nothing_from_the_others(statuses: Statuses) -> None:
    with transaction() as session:
        key, jobs = _account(session, 2)
    asked = [asyncio.create_task(statuses.ask(key.digest, job)) for job in jobs]
    await asyncio.sleep(0)

    asked[0].cancel()

    assert (await asked[1])["id"] == jobs[1]


async def test_the_version_changes_with_the_job_alone(statuses: Statuses) -> None:
    with transaction() as session:
        account = rows.account(session)
        key, _ = create(session, account.id, "test")
        job = rows.job(session, account)
    first, same = [(await statuses.ask(key.digest, job.id))["version"] for _ in range(2)]

    with transaction() as session:
        session.get_one(type(job), job.id).progress = 0.5
        session.get_one(ApiKey, key.id).last_used_at = utc_now()

    assert first == same
    assert (await statuses.ask(key.digest, job.id))["version"] != first


async def test_a_database_that_is_away_is_everybody_s_error() -> None:
    away = Statuses("postgresql://nobody@127.0.0.1:9/none")

    answers = await asyncio.gather(*(away.ask("0" * 64, "") for _ in range(3)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [ConnectionRefusedError] * 3
    await away.close()
