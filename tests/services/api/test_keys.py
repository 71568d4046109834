from datetime import datetime, timedelta

import httpx
import pytest

from services.backbone import keys
from services.backbone.clock import utc_now
from services.backbone.keys import Scope, digest_of, is_key
from services.backbone.ledger.tables import ApiKey
from tests.services.api.conftest import Client, Ledger, Tenant, Tenants

pytestmark = pytest.mark.anyio

KEYS = "/v1/keys"
CALLS = [("GET", KEYS), ("POST", KEYS), ("DELETE", KEYS + "/{key}")]


async def _create(api: httpx.AsyncClient, **asked: object) -> dict[str, object]:
    answer = await api.post(KEYS, json={"name": "player", **asked})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _ids(api: httpx.AsyncClient) -> list[str]:
    return [row["id"] for row in (await api.get(KEYS)).json()["data"]]


async def test_a_key_that_was_made_is_good_for_its_scopes(api, client: Client):
    made = await _create(api, scopes=["read"])
    async with client(str(made["key"])) as player:
        assert (await player.get("/v1/jobs")).status_code == 200
        assert (await player.post("/v1/jobs", json={})).status_code == 403


async def test_a_key_is_shown_once_and_kept_by_nobody(api, ledger: Ledger):
    answer = await api.post(KEYS, json={"name": "player"})
    made = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert is_key(made["key"])
    assert made["key"].startswith(made["hint"])
    listed = await api.get(KEYS)
    assert made["key"] not in listed.text
    assert listed.json()["data"][0] == {name: value for name, value in made.items() if name != "key"}
    assert ledger(lambda s: s.get_one(ApiKey, made["id"]).digest) == digest_of(made["key"])


async def test_what_is_left_out_is_as_usual(api, account: Tenant, ledger: Ledger):
    made = await _create(api)
    assert (made["scopes"], made["expires_at"], made["revoked_at"]) == (["read", "write"], None, None)
    assert made["rate_per_minute"] == ledger(lambda s: s.get_one(ApiKey, account.key_id).rate_per_minute)


async def test_a_key_expires_so_many_seconds_from_now(api):
    made = await _create(api, expires_in=3600)
    lasts = datetime.fromisoformat(str(made["expires_at"])) - utc_now()
    assert timedelta(minutes=59) < lasts <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        pytest.param({"name": ""}, "/name", id="no-name"),
        pytest.param({"name": "x" * 121}, "/name", id="long-name"),
        pytest.param({"scopes": []}, "/scopes", id="no-scope"),
        pytest.param({"scopes": ["root"]}, "/scopes/0", id="unknown-scope"),
        pytest.param({"expires_in": 0}, "/expires_in", id="expired"),
        pytest.param({"expires_in": 10**12}, "/expires_in", id="beyond-the-calendar"),
        pytest.param({"rate_per_minute": 0}, "/rate_per_minute", id="no-rate"),
        pytest.param({"rate_per_minute": 100_001}, "/rate_per_minute", id="more-than-the-key-that-asks"),
        pytest.param({"account_id": "acc_other"}, "/account_id", id="another-account"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_with_a_pointer(api, asked, pointer):
    answer = await api.post(KEYS, json={"name": "player", **asked})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_request_that_may_come_twice_is_refused_for_no_key_is_shown_twice(api, account: Tenant):
    answer = await api.post(KEYS, json={"name": "player"}, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]
    assert await _ids(api) == [account.key_id]


async def test_an_account_has_only_so_many_good_keys(api, monkeypatch):
    monkeypatch.setattr(keys, "MOST_KEYS", 3)
    first, _ = await _create(api), await _create(api)
    assert (await api.post(KEYS, json={"name": "player"})).status_code == 409
    await api.delete(f"{KEYS}/{first['id']}")
    assert (await api.post(KEYS, json={"name": "player"})).status_code == 201


async def test_a_list_comes_in_pages_newest_first(api, account: Tenant):
    made = [account.key_id, *[(await _create(api))["id"] for _ in range(4)]]
    seen: list[str] = []
    query: dict[str, object] = {"limit": 2}
    while query.get("cursor", "") is not None:
        page = (await api.get(KEYS, params=query)).json()
        seen += [row["id"] for row in page["data"]]
        query["cursor"] = page["next_cursor"]
    assert seen == sorted(made, reverse=True)


async def test_a_revoked_key_is_good_for_nothing_and_stays_in_the_list(api, client: Client):
    made = await _create(api)
    answers = [await api.delete(f"{KEYS}/{made['id']}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    async with client(str(made["key"])) as player:
        assert (await player.get("/v1/jobs")).status_code == 401
    assert (await api.get(KEYS)).json()["data"][0]["revoked_at"] is not None


async def test_a_key_does_not_revoke_itself_but_another_may(api, client: Client, account: Tenant):
    itself = await api.delete(f"{KEYS}/{account.key_id}")
    assert itself.status_code == 409
    assert "the key that asks" in itself.json()["detail"]
    async with client(str((await _create(api, scopes=["admin"]))["key"])) as other:
        assert (await other.delete(f"{KEYS}/{account.key_id}")).status_code == 204
    assert (await api.get(KEYS)).status_code == 401


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_a_key_without_the_scope_is_told_which_it_lacks(
    client: Client, accounts: Tenants, ledger: Ledger, scope, method, path
):
    owner = accounts(scopes=(scope,))
    spare, _ = ledger(lambda s: keys.create(s, owner.id, "spare"))
    body = {"json": {"name": "player", "scopes": [scope]}} if method == "POST" else {}
    async with client(owner.key) as caller:
        answer = await caller.request(method, path.format(key=spare.id), **body)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/problems/forbidden")
    assert "scope admin" in answer.json()["detail"]
    assert [row.revoked_at for row in ledger(lambda s: keys.list_keys(s, owner.id))] == [None, None]


async def test_another_account_finds_nothing(api, client: Client, accounts: Tenants):
    stranger = accounts()
    made = await _create(api)
    async with client(stranger.key) as other:
        assert (await other.delete(f"{KEYS}/{made['id']}")).status_code == 404
        for query in ({}, {"cursor": made["id"]}):
            page = (await other.get(KEYS, params=query)).json()
            assert [row["id"] for row in page["data"]] == [stranger.key_id]
        theirs = await _create(other)
    assert theirs["id"] not in await _ids(api)
    assert [row["revoked_at"] for row in (await api.get(KEYS)).json()["data"]] == [None, None]


@pytest.mark.parametrize("id", ["key_", "nonsense", "%00", "key_" + "z" * 26, "job_" + "z" * 26])
async def test_an_id_that_is_none_is_not_found(api, id):
    assert (await api.delete(f"{KEYS}/{id}")).status_code == 404
