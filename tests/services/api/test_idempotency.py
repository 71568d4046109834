import asyncio

import httpx
import pytest
from sqlalchemy import func, select, update

from services.backbone.ledger.repositories.idempotency import KEPT_FOR, Answers
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import IdempotencyKey, Job
from tests.services.api.conftest import Client, Ledger, Tenant, Tenants

pytestmark = pytest.mark.anyio

JOBS = "/v1/jobs"
BODY = {"url": "https://films.example/harbour.mp4"}
KEY = {"Idempotency-Key": "once"}


def _jobs(ledger: Ledger, account: Tenant) -> int:
    return ledger(lambda s: s.scalar(select(func.count()).where(Job.account_id == account.id))) or 0


async def test_the_second_time_the_first_answer_is_given_again(
    api: httpx.AsyncClient, ledger: Ledger, account: Tenant
) -> None:
    first = await api.post(JOBS, json=BODY, headers=KEY)
    again = await api.post(JOBS, json=BODY, headers=KEY)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.text == first.text
    assert again.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert _jobs(ledger, account) == 1


async def test_another_request_with_the_same_key_is_refused(api: httpx.AsyncClient) -> None:
    await api.post(JOBS, json=BODY, headers=KEY)

    answer = await api.post(JOBS, json={**BODY, "reference": "other"}, headers=KEY)

    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_of_many_at_once_one_does_the_work(api: httpx.AsyncClient, ledger: Ledger, account: Tenant) -> None:
    answers = await asyncio.gather(*(api.post(JOBS, json=BODY, headers=KEY) for _ in range(10)))

    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 202}) == 1
    assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 409)
    assert _jobs(ledger, account) == 1


async def test_who_comes_while_another_works_on_it_is_sent_away(api: httpx.AsyncClient, account: Tenant) -> None:
    with transaction() as working:
        Answers(working, account.id).hold("once")
        answer = await api.post(JOBS, json=BODY, headers=KEY)

    assert answer.status_code == 409
    assert (await api.post(JOBS, json=BODY, headers=KEY)).status_code == 202


async def test_a_secret_in_an_answer_lies_sealed_in_the_ledger(
    api: httpx.AsyncClient, ledger: Ledger, account: Tenant
) -> None:
    body = {**BODY, "webhook": {"url": "https://example.com/hook"}}
    first, again = [await api.post(JOBS, json=body, headers={"Idempotency-Key": "one"}) for _ in range(2)]

    secret = first.json()["webhook_secret"]
    assert again.json()["webhook_secret"] == secret
    kept = ledger(lambda s: s.scalars(select(IdempotencyKey.body).where(IdempotencyKey.account_id == account.id)).one())
    assert secret not in kept


async def test_an_error_is_not_kept(api: httpx.AsyncClient) -> None:
    refused = await api.post(JOBS, json={"upload_id": "up_nothing"}, headers=KEY)

    assert refused.status_code == 404
    assert (await api.post(JOBS, json=BODY, headers=KEY)).status_code == 202


async def test_keys_of_two_accounts_do_not_meet(api: httpx.AsyncClient, client: Client, accounts: Tenants) -> None:
    first = await api.post(JOBS, json=BODY, headers=KEY)
    async with client(accounts().key) as other:
        theirs = await other.post(JOBS, json=BODY, headers=KEY)

    assert theirs.status_code == 202
    assert theirs.json()["id"] != first.json()["id"]


async def test_a_key_is_good_again_after_a_day(api: httpx.AsyncClient, ledger: Ledger, account: Tenant) -> None:
    await api.post(JOBS, json=BODY, headers=KEY)
    ledger(lambda s: s.execute(update(IdempotencyKey).values(created_at=func.now() - KEPT_FOR)))

    assert (await api.post(JOBS, json=BODY, headers=KEY)).status_code == 202
    assert _jobs(ledger, account) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "\u00fc".encode().decode("latin-1")])
async def test_a_key_is_255_plain_characters_at_most(api: httpx.AsyncClient, key: str) -> None:
    answer = await api.post(JOBS, json=BODY, headers={b"Idempotency-Key": key.encode("latin-1")})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"
