import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook

from services.backbone.ledger.tables import Account, Delivery, DeliveryState, Endpoint
from services.backbone.net.guard import Guard
from services.backbone.webhooks.deliveries import deliver_due
from services.backbone.webhooks.messages import announce
from tests.services import rows
from tests.services.api.conftest import Client, Ledger, Tenant, Tenants
from tests.services.backbone.net.servers import Call, Server, serving

pytestmark = pytest.mark.anyio

ENDPOINTS = "/v1/webhook-endpoints"
HERE = Guard(allow_loopback=True)


@contextmanager
def receiving(status: str = "200 OK") -> Iterator[Server]:
    def answer(call: Call) -> None:
        call.reply(b"thanks", status)

    with serving(answer, tls=False) as server:
        yield server


def _url(server: Server) -> str:
    return server.url("127.0.0.1", "/hook", "http")


async def _create(api: httpx.AsyncClient, url: str = "http://127.0.0.1:9/hook", **more: object) -> dict[str, object]:
    answer = await api.post(ENDPOINTS, json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def _announced(ledger: Ledger, account: Tenant, type: str = "job.succeeded") -> None:
    ledger(lambda s: announce(s, rows.job(s, s.get_one(Account, account.id)), type, {}))


async def _attempts(api: httpx.AsyncClient, endpoint: object, **query: object) -> list[dict[str, object]]:
    answer = await api.get(f"{ENDPOINTS}/{endpoint}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_the_secret_is_shown_once(api):
    made = await _create(api)
    assert str(made["secret"]).startswith("whsec_")
    read = (await api.get(f"{ENDPOINTS}/{made['id']}")).json()
    assert read == {key: value for key, value in made.items() if key != "secret"}


async def test_the_secret_lies_sealed_in_the_ledger(api, ledger):
    made = await _create(api)
    kept = ledger(lambda s: s.get_one(Endpoint, made["id"]).secret)
    assert str(made["secret"]).removeprefix("whsec_") not in kept


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("ftp://example.com/", id="scheme"),
        pytest.param("http://example.com/hook", id="http"),
        pytest.param("https://10.0.0.1/hook", id="private"),
        pytest.param("https://169.254.169.254/latest", id="metadata"),
        pytest.param("https://user:secret@example.com/", id="credentials"),
        pytest.param("https://example.com:22/", id="port"),
        pytest.param("no url at all", id="nonsense"),
    ],
)
async def test_an_address_that_is_not_called_is_refused_with_a_pointer(api, url):
    answer = await api.post(ENDPOINTS, json={"url": url})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "/url"
    made = await _create(api)
    changed = await api.patch(f"{ENDPOINTS}/{made['id']}", json={"url": url})
    assert (changed.status_code, changed.json()["errors"][0]["pointer"]) == (422, "/url")


async def test_an_unknown_event_is_refused(api):
    answer = await api.post(ENDPOINTS, json={"url": "http://127.0.0.1:9/", "events": ["job.exploded"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/events/0")


async def test_only_so_many_endpoints(api, monkeypatch):
    monkeypatch.setattr("services.backbone.webhooks.endpoints.MOST_ENDPOINTS", 2)
    await _create(api)
    await _create(api)
    assert (await api.post(ENDPOINTS, json={"url": "http://127.0.0.1:9/"})).status_code == 409


async def test_a_list_comes_in_pages_newest_first(api):
    made = [(await _create(api))["id"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = (await api.get(ENDPOINTS, params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(made, reverse=True)


async def test_a_change_changes_what_is_named(api):
    made = await _create(api, events=["job.failed"])
    changed = await api.patch(f"{ENDPOINTS}/{made['id']}", json={"events": ["job.stage"]})
    assert changed.json() == {**{k: v for k, v in made.items() if k != "secret"}, "events": ["job.stage"]}


async def test_a_deleted_endpoint_is_gone_with_its_deliveries(api, ledger, account):
    made = await _create(api)
    _announced(ledger, account)
    assert (await api.delete(f"{ENDPOINTS}/{made['id']}")).status_code == 204
    assert (await api.get(f"{ENDPOINTS}/{made['id']}")).status_code == 404
    assert not ledger(lambda s: s.scalars(select(Delivery).where(Delivery.endpoint_id == made["id"])).all())


async def test_deliveries_are_listed_newest_first(api, ledger, account):
    with receiving() as server:
        made = await _create(api, _url(server))
        _announced(ledger, account)
        _announced(ledger, account, "job.failed")
        await asyncio.to_thread(deliver_due, HERE)
    attempts = await _attempts(api, made["id"])
    assert [attempt["type"] for attempt in attempts] == ["job.failed", "job.succeeded"]
    assert {(a["state"], a["status_code"], a["response"]) for a in attempts} == {("delivered", 200, "thanks")}
    assert len(await _attempts(api, made["id"], limit=1)) == 1
    assert not await _attempts(api, made["id"], state="failed")


async def test_a_rotation_signs_with_both_secrets(api, ledger, account):
    with receiving() as server:
        made = await _create(api, _url(server))
        rotated = (await api.post(f"{ENDPOINTS}/{made['id']}/rotate")).json()
        assert rotated["secret"] != made["secret"]
        until = datetime.fromisoformat(rotated["old_secret_until"]) - datetime.now(UTC)
        assert timedelta(hours=23, minutes=59) < until <= timedelta(hours=24)
        _announced(ledger, account)
        await asyncio.to_thread(deliver_due, HERE)
    [call] = server.calls
    for secret in (made["secret"], rotated["secret"]):
        assert Webhook(str(secret)).verify(call.body, call.headers)["type"] == "job.succeeded"


async def test_a_test_message_is_sent_now_and_its_outcome_told(api):
    with receiving("418 I'm a teapot") as server:
        made = await _create(api, _url(server))
        outcome = (await api.post(f"{ENDPOINTS}/{made['id']}/test")).json()
    assert (outcome["state"], outcome["status_code"], outcome["response"]) == ("failed", 418, "thanks")
    assert Webhook(str(made["secret"])).verify(server.calls[0].body, server.calls[0].headers)["type"] == "webhook.test"
    assert len(await _attempts(api, made["id"])) == 1  # and no further attempt
    assert (await api.get(f"{ENDPOINTS}/{made['id']}")).json()["failing_since"] is None


async def test_a_test_under_another_service_secret_asks_for_a_rotation(api, ledger):
    made = (await api.post(ENDPOINTS, json={"url": "https://example.com/hook"})).json()
    ledger(lambda s: s.execute(update(Endpoint).where(Endpoint.id == made["id"]).values(secret="sealed elsewhere")))
    answer = await api.post(f"{ENDPOINTS}/{made['id']}/test")
    assert answer.status_code == 409
    assert "rotate it" in answer.json()["detail"]


async def test_a_test_of_a_dead_address_says_why(api):
    made = await _create(api)
    outcome = (await api.post(f"{ENDPOINTS}/{made['id']}/test")).json()
    assert (outcome["state"], outcome["status_code"]) == ("failed", None)
    assert outcome["error"]


async def test_a_message_is_delivered_again_under_the_same_id(api, ledger, account):
    with receiving() as server:
        made = await _create(api, _url(server))
        _announced(ledger, account)
        await asyncio.to_thread(deliver_due, HERE)
        [first] = await _attempts(api, made["id"])
        again = await api.post(f"/v1/webhook-deliveries/{first['id']}/redeliver")
        assert (again.status_code, again.json()["state"]) == (202, "pending")
        assert (await api.post(f"/v1/webhook-deliveries/{first['id']}/redeliver")).status_code == 409
        await asyncio.to_thread(deliver_due, HERE)
    assert {call.headers["webhook-id"] for call in server.calls} == {first["message_id"]}
    assert [call.body for call in server.calls] == [server.calls[0].body] * 2
    assert {attempt["state"] for attempt in await _attempts(api, made["id"])} == {"delivered"}


async def test_an_endpoint_that_said_gone_is_called_again_when_enabled(api, ledger, account):
    with receiving("410 Gone") as server:
        made = await _create(api, _url(server))
        _announced(ledger, account)
        await asyncio.to_thread(deliver_due, HERE)
    here = f"{ENDPOINTS}/{made['id']}"
    disabled = (await api.get(here)).json()
    assert (disabled["state"], "410" in disabled["disabled_why"]) == ("disabled", True)
    assert (await api.post(f"{here}/test")).status_code == 409
    [failed] = await _attempts(api, made["id"])
    assert (await api.post(f"/v1/webhook-deliveries/{failed['id']}/redeliver")).status_code == 409
    enabled = (await api.post(f"{here}/enable")).json()
    assert (enabled["state"], enabled["disabled_why"], enabled["failing_since"]) == ("enabled", None, None)
    assert (await api.post(f"/v1/webhook-deliveries/{failed['id']}/redeliver")).status_code == 202


async def test_a_jobs_own_endpoint_is_listed_under_the_job_only(api, ledger, account):
    def write(session):
        job = rows.job(session, session.get_one(Account, account.id))
        rows.endpoint(session, session.get_one(Account, account.id), "https://hooks.example/", job_id=job.id)
        return job.id

    job = ledger(write)
    assert not (await api.get(ENDPOINTS)).json()["data"]
    [found] = (await api.get(ENDPOINTS, params={"job_id": job})).json()["data"]
    assert found["job_id"] == job


CALLS = [
    ("GET", ENDPOINTS + "/{endpoint}"),
    ("PATCH", ENDPOINTS + "/{endpoint}"),
    ("DELETE", ENDPOINTS + "/{endpoint}"),
    ("POST", ENDPOINTS + "/{endpoint}/rotate"),
    ("POST", ENDPOINTS + "/{endpoint}/test"),
    ("POST", ENDPOINTS + "/{endpoint}/enable"),
    ("GET", ENDPOINTS + "/{endpoint}/deliveries"),
    ("POST", "/v1/webhook-deliveries/{delivery}/redeliver"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_another_account_finds_nothing(
    api, client: Client, accounts: Tenants, account: Tenant, ledger: Ledger, method, path
):
    made = await _create(api)
    _announced(ledger, account)
    [attempt] = await _attempts(api, made["id"])
    body = {"json": {"events": []}} if method == "PATCH" else {}
    async with client(accounts().key) as other:
        answer = await other.request(method, path.format(endpoint=made["id"], delivery=attempt["id"]), **body)
        assert answer.status_code == 404
        assert not (await other.get(ENDPOINTS)).json()["data"]
    assert (await api.get(f"{ENDPOINTS}/{made['id']}")).json()["state"] == "enabled"
    assert [a["state"] for a in await _attempts(api, made["id"])] == [DeliveryState.PENDING]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("id", ["hook_", "nonsense", "%00", "hook_" + "z" * 26, "del_" + "z" * 26])
async def test_an_id_that_is_none_is_not_found(api, method, path, id):
    body = {"json": {"events": []}} if method == "PATCH" else {}
    assert (await api.request(method, path.format(endpoint=id, delivery=id), **body)).status_code == 404


async def test_a_key_that_may_only_read_changes_nothing(client, accounts):
    async with client(accounts(scopes=("read",)).key) as reader:
        assert (await reader.get(ENDPOINTS)).status_code == 200
        assert (await reader.post(ENDPOINTS, json={"url": "http://127.0.0.1:9/"})).status_code == 403


async def test_the_body_is_compact_json_with_the_jobs_urls(api, ledger, account):
    with receiving() as server:
        await _create(api, _url(server))
        _announced(ledger, account)
        await asyncio.to_thread(deliver_due, HERE)
    told = json.loads(server.calls[0].body)
    assert told["data"]["urls"]["status"].endswith(f"/v1/jobs/{told['data']['id']}")
    assert server.calls[0].headers["content-type"] == "application/json"
