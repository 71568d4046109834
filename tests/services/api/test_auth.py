import asyncio
import time
from datetime import timedelta

import anyio
import httpx
import pytest
from sqlalchemy import update

from services.backbone import keys
from services.backbone.clock import utc_now
from services.backbone.keys import Scope, make_key
from services.backbone.ledger.tables import ApiKey
from tests.services.api.conftest import Client, Ledger, Tenant, Tenants

pytestmark = pytest.mark.anyio

# The two ways to be let in: the usual one, and the status of a job, which goes past most of FastAPI.
PATHS = ("/v1/jobs", "/v1/jobs/job_01jdk3w5t7m2q9v8x4c6b1n0za")
LET_IN = (200, 404)


@pytest.mark.parametrize("path", PATHS)
async def test_a_good_key_is_let_in(api: httpx.AsyncClient, path: str) -> None:
    assert (await api.get(path)).status_code in LET_IN


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        pytest.param(None, 'Bearer realm="soundstage"', id="none"),
        pytest.param("", 'Bearer realm="soundstage", error="invalid_token"', id="empty"),
        pytest.param("Basic dXNlcjpwYXNz", 'Bearer realm="soundstage", error="invalid_token"', id="basic"),
        pytest.param("Bearer sk_short", 'Bearer realm="soundstage", error="invalid_token"', id="shape"),
        pytest.param(f"Bearer {make_key()}", 'Bearer realm="soundstage", error="invalid_token"', id="unknown"),
        pytest.param(f"Bearer {make_key()[:-1]}!", 'Bearer realm="soundstage", error="invalid_token"', id="checksum"),
        pytest.param("Bearer sk_\u00fc" * 9, 'Bearer realm="soundstage", error="invalid_token"', id="latin"),
    ],
)
async def test_what_is_no_good_key_is_told_so(client: Client, path: str, header: str | None, challenge: str) -> None:
    headers = {} if header is None else {b"authorization": header.encode("latin-1")}
    async with client(None) as nobody:
        answer = await nobody.get(path, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == challenge
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
async def test_a_key_is_refused_as_soon_as_it_ends(
    api: httpx.AsyncClient, account: Tenant, ledger: Ledger, path: str, column: str
) -> None:
    assert (await api.get(path)).status_code in LET_IN

    ended = update(ApiKey).where(ApiKey.id == account.key_id).values({column: utc_now()})
    # Beside the loop, on which the service may still be writing when the key was last used.
    await asyncio.to_thread(ledger, lambda s: s.execute(ended))

    assert (await api.get(path)).status_code == 401


async def test_a_key_that_expires_later_is_good(client: Client, account: Tenant, ledger: Ledger) -> None:
    later = utc_now() + timedelta(hours=1)
    _, key = ledger(lambda s: keys.create(s, account.id, "for an hour", [Scope.READ], expires_at=later))

    async with client(key) as guest:
        assert (await guest.get("/v1/jobs")).status_code == 200


async def test_reading_needs_no_more_than_the_scope_for_it(client: Client, accounts: Tenants) -> None:
    async with client(accounts(scopes=(Scope.READ,)).key) as reader:
        assert (await reader.get("/v1/jobs")).status_code == 200
        answer = await reader.post("/v1/jobs", json={})

    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/problems/forbidden")
    assert "write" in answer.json()["detail"]


async def test_a_use_is_noted_once_a_minute(api: httpx.AsyncClient, account: Tenant, ledger: Ledger) -> None:
    await api.get("/v1/jobs")
    first = await _noted(ledger, account)
    await api.get("/v1/jobs")

    assert await _noted(ledger, account) == first


async def test_reads_beyond_the_rate_are_refused_and_told_when_to_come_again(client: Client, accounts: Tenants) -> None:
    async with client(accounts(rate_per_minute=1).key) as poller:
        answers = [await poller.get(PATHS[1]) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [404] * 10 + [429]
    assert answers[0].headers["ratelimit-policy"] == '"read";q=10;w=60'
    assert answers[0].headers["ratelimit"] == '"read";r=9;t=6'
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 7


async def test_writes_beyond_the_rate_are_refused(client: Client, accounts: Tenants) -> None:
    async with client(accounts(rate_per_minute=2).key) as writer:
        answers = [await writer.delete(PATHS[1]) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[-1].headers["ratelimit"].startswith('"write";r=0;t=')


async def _noted(ledger: Ledger, account: Tenant) -> object:
    """Use is noted beside the request: wait for it."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        noted = ledger(lambda s: s.get_one(ApiKey, account.key_id).last_used_at)
        if noted is not None:
            return noted
        await anyio.sleep(0.02)
    raise AssertionError("the use was not noted")
