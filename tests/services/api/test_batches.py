import asyncio
import json
import time

import httpx
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.backbone.batches import cancel_marked
from services.backbone.ids import new_id
from services.backbone.ledger.tables import Batch, Endpoint, Event, Job, JobStatus, Outbox, Step
from tests.services.api.conftest import Ledger, Tenant
from tests.services.api.films import uploaded

pytestmark = pytest.mark.anyio

BATCHES = "/v1/batches"
URL = "https://films.example/{}.mp4"


def _items(*names: str, **more: object) -> list[dict[str, object]]:
    return [{"client_id": name, "url": URL.format(name), **more} for name in names]


async def _send(api: httpx.AsyncClient, items: list[object], path: str = BATCHES, **body: object) -> dict[str, object]:
    answer = await api.post(path, json={"items": items, **body})
    assert answer.status_code == 202, answer.text
    return answer.json()


def _outcomes(taken: dict[str, object]) -> list[str]:
    return [item["outcome"] for item in taken["items"]]


async def test_each_item_becomes_a_job_that_begins(api, ledger):
    taken = await _send(api, _items("a", "b", "c"), reference="season 1")
    assert _outcomes(taken) == ["created"] * 3
    assert taken["batch"]["counts"]["total"] == taken["batch"]["counts"]["queued"] == 3
    for index, item in enumerate(taken["items"]):
        job = (await api.get(f"/v1/jobs/{item['job_id']}")).json()
        assert (job["client_id"], job["batch_id"], job["stage"]) == ("abc"[index], taken["batch"]["id"], "read")
    jobs = [item["job_id"] for item in taken["items"]]
    steps = ledger(lambda s: s.scalars(select(Step.kind).where(Step.job_id.in_(jobs))).all())
    assert steps == ["fetch"] * 3
    told = ledger(lambda s: s.scalars(select(Event.type).where(Event.job_id == jobs[0]).order_by(Event.seq)).all())
    assert told == ["job.queued", "job.stage"]


async def test_jobs_stand_in_line_in_the_order_of_the_items(api, ledger):
    taken = await _send(api, _items(*"abcde"))
    jobs = [item["job_id"] for item in taken["items"]]
    ranks = dict(ledger(lambda s: s.execute(select(Job.id, Job.rank).where(Job.id.in_(jobs))).all()))
    assert sorted(jobs, key=ranks.__getitem__) == jobs
    assert len(set(ranks.values())) == 5


async def test_a_batch_that_is_sent_again_makes_nothing_twice(api):
    first = await _send(api, _items("a", "b"), reference="season 1")
    again = await _send(api, _items("a", "b", "c"), reference="season 1")
    assert again["batch"]["id"] == first["batch"]["id"]
    assert _outcomes(again) == ["attached", "attached", "created"]
    assert [item["job_id"] for item in again["items"][:2]] == [item["job_id"] for item in first["items"]]
    assert again["batch"]["counts"]["total"] == 3


async def test_an_item_is_attached_to_a_job_that_was_put_under_its_id(api):
    put = (await api.put("/v1/jobs/film-1", json={"url": URL.format(1)})).json()
    taken = (await api.post(BATCHES, json={"items": [{"client_id": "film-1", "url": URL.format(1)}]})).json()
    assert [(item["outcome"], item["job_id"]) for item in taken["items"]] == [("attached", put["id"])]


async def test_calls_that_race_make_one_batch_with_one_job_for_each_item(api):
    answers = await asyncio.gather(*(_send(api, _items(*"abcdef"), reference="race") for _ in range(4)))
    assert len({answer["batch"]["id"] for answer in answers}) == 1
    assert len({item["job_id"] for answer in answers for item in answer["items"]}) == 6


async def test_items_are_added_to_a_batch(api):
    batch = (await _send(api, _items("a")))["batch"]
    added = await _send(api, _items("a", "b"), f"{BATCHES}/{batch['id']}/items")
    assert _outcomes(added) == ["attached", "created"]
    assert added["batch"]["counts"]["total"] == 2


async def test_defaults_hold_for_all_that_do_not_say_otherwise(api):
    items = [*_items("a"), *_items("b", priority="normal", options={"seed": 7})]
    taken = await _send(api, items, defaults={"priority": "bulk", "options": {"seed": 1, "target": -23}})
    jobs = [(await api.get(f"/v1/jobs/{item['job_id']}")).json() for item in taken["items"]]
    assert [job["priority"] for job in jobs] == ["bulk", "normal"]
    assert [(job["options"]["seed"], job["options"]["target"]) for job in jobs] == [(1, -23), (7, -23)]


BAD = [
    pytest.param({"client_id": "x"}, 422, "/items/1", id="no-source"),
    pytest.param({"url": "https://10.0.0.1/a.mp4"}, 422, "/items/1/url", id="private-address"),
    pytest.param({"upload_id": new_id("up")}, 404, "/items/1/upload_id", id="no-such-upload"),
    pytest.param({"s3": "s3://others/film.mp4"}, 422, "/items/1/s3", id="bucket"),
    pytest.param({"url": URL, "options": {"seed": -1}}, 422, "/items/1/options/seed", id="option"),
    pytest.param({"url": URL, "colour": "red"}, 422, "/items/1/colour", id="unknown-member"),
    pytest.param({"url": URL, "reference": "a\0b"}, 422, "/items/1/reference", id="nul"),
    pytest.param({"url": URL, "deadline": "2020-01-01T00:00:00Z"}, 422, "/items/1/deadline", id="deadline"),
    pytest.param({"url": URL, "webhook": {"url": "https://10.0.0.1/"}}, 422, "/items/1/webhook/url", id="webhook"),
    pytest.param("a film", 422, "/items/1", id="no-object"),
    pytest.param({"url": URL, "client_id": "good"}, 409, None, id="same-id-other-request"),
]


@pytest.mark.parametrize(("item", "status", "pointer"), BAD)
async def test_what_is_wrong_with_one_item_is_no_matter_to_the_others(api, item, status, pointer):
    taken = await _send(api, [*_items("good"), item, *_items("too")])
    assert _outcomes(taken) == ["created", "refused", "created"]
    problem = taken["items"][1]["problem"]
    assert problem["status"] == status
    assert [fault["pointer"] for fault in problem.get("errors") or []] == ([pointer] if pointer else [])
    assert taken["batch"]["refused"] == 1


async def test_a_default_that_is_wrong_is_pointed_at(api):
    taken = await _send(api, _items("a"), defaults={"options": {"seed": -1}})
    assert taken["items"][0]["problem"]["errors"][0]["pointer"] == "/defaults/options/seed"


async def test_a_refusal_is_told_until_the_item_comes_again(api):
    batch = (await _send(api, [{"client_id": "a"}], reference="r"))["batch"]
    [error] = (await api.get(f"{BATCHES}/{batch['id']}")).json()["errors"]
    assert (error["client_id"], error["job_id"], error["kind"]) == ("a", None, "invalid")
    again = await _send(api, _items("a"), reference="r")
    assert (again["batch"]["refused"], _outcomes(again)) == (0, ["created"])


async def test_a_batch_tells_its_counts_and_failures(api, ledger):
    taken = await _send(api, _items(*"abcd"))
    jobs = [item["job_id"] for item in taken["items"]]

    def end(session: Session) -> None:
        error = {"kind": "bad-film", "detail": "It is no film.", "stage": "read"}
        session.execute(update(Job).where(Job.id == jobs[0]).values(status=JobStatus.FAILED, error=error))
        session.execute(update(Job).where(Job.id == jobs[1]).values(status=JobStatus.SUCCEEDED))

    ledger(end)
    told = (await api.get(f"{BATCHES}/{taken['batch']['id']}")).json()
    counts = {"total": 4, "queued": 2, "running": 0, "succeeded": 1, "failed": 1, "canceled": 0, "expired": 0}
    assert told["counts"] == counts
    [error] = told["errors"]
    assert (error["client_id"], error["job_id"], error["kind"], error["stage"]) == ("a", jobs[0], "bad-film", "read")


async def test_batches_are_listed_newest_first(api):
    for reference in ("one", "two", "three"):
        await _send(api, _items(reference), reference=reference)
    first = (await api.get(BATCHES, params={"limit": 2})).json()
    rest = (await api.get(BATCHES, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [batch["reference"] for batch in (*first["data"], *rest["data"])] == ["three", "two", "one"]
    assert rest["next_cursor"] is None
    [two] = (await api.get(BATCHES, params={"reference": "two"})).json()["data"]
    assert (two["reference"], two["counts"]["queued"]) == ("two", 1)


async def test_a_canceled_batch_stops_its_jobs_and_takes_no_more(api, ledger):
    taken = await _send(api, _items(*"abc"), reference="r")
    batch = taken["batch"]["id"]
    jobs = [item["job_id"] for item in taken["items"]]
    ledger(lambda s: s.execute(update(Job).where(Job.id == jobs[0]).values(status=JobStatus.SUCCEEDED)))
    canceled = await api.post(f"{BATCHES}/{batch}/cancel")
    assert canceled.status_code == 202
    assert canceled.json()["canceled_at"]
    assert (canceled.json()["counts"]["canceled"], canceled.json()["counts"]["succeeded"]) == (2, 1)
    for path, body in ((BATCHES, {"reference": "r"}), (f"{BATCHES}/{batch}/items", {})):
        assert (await api.post(path, json={"items": _items("d"), **body})).status_code == 409
    assert (await api.post(f"{BATCHES}/{batch}/cancel")).json()["canceled_at"] == canceled.json()["canceled_at"]


async def test_what_one_call_cannot_cancel_is_canceled_soon(api, monkeypatch):
    monkeypatch.setattr("services.api.routers.batches._CANCELED_AT_ONCE", 2)
    batch = (await _send(api, _items(*"abcde")))["batch"]["id"]
    assert (await api.post(f"{BATCHES}/{batch}/cancel")).json()["counts"]["canceled"] == 2
    while await asyncio.to_thread(cancel_marked, 2):
        pass
    assert (await api.get(f"{BATCHES}/{batch}")).json()["counts"]["canceled"] == 5


async def test_a_job_that_is_tried_again_after_its_batch_was_canceled_goes_on(api):
    taken = await _send(api, _items("a"))
    await api.post(f"{BATCHES}/{taken['batch']['id']}/cancel")
    job = taken["items"][0]["job_id"]
    assert (await api.post(f"/v1/jobs/{job}/retry")).status_code == 202
    assert await asyncio.to_thread(cancel_marked) == 0
    assert (await api.get(f"/v1/jobs/{job}")).json()["status"] == "queued"


async def test_a_quota_refuses_what_is_too_much(client, accounts):
    async with client(accounts(max_jobs=2).key) as api:
        taken = await _send(api, _items("a", "b", "c"))
        assert _outcomes(taken) == ["created", "created", "refused"]
        assert taken["items"][2]["problem"]["status"] == 429
        assert _outcomes(await _send(api, _items("a", "d"))) == ["refused", "refused"]  # a is of another batch


async def test_items_may_be_uploads(api, ledger):
    upload = await uploaded(api)
    taken = await _send(api, [{"upload_id": upload, "client_id": "a"}, {"upload_id": upload, "client_id": "b"}])
    assert _outcomes(taken) == ["created", "created"]
    jobs = [item["job_id"] for item in taken["items"]]
    assert ledger(lambda s: s.scalars(select(Step.kind).where(Step.job_id.in_(jobs))).all()) == ["read", "read"]


async def test_an_item_may_have_a_webhook_of_its_own(api, ledger):
    taken = await _send(api, _items("a", "b", webhook={"url": "http://127.0.0.1:9/hook"}))
    secrets = [item["webhook_secret"] for item in taken["items"]]
    assert all(secret.startswith("whsec_") for secret in secrets)
    assert len(set(secrets)) == 2
    jobs = [item["job_id"] for item in taken["items"]]
    assert len(ledger(lambda s: s.scalars(select(Endpoint).where(Endpoint.job_id.in_(jobs))).all())) == 2


async def test_a_repeated_key_repeats_the_answer(api):
    body = {"items": [{"url": URL}]}  # without a client_id, only the key tells that it is the same
    answers = [await api.post(BATCHES, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotent-replayed"] == "true"
    other = await api.post(BATCHES, json={"items": _items("x")}, headers={"Idempotency-Key": "k"})
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"items": []}, 422, id="no-items"),
        pytest.param({"items": [{}] * 1001}, 422, id="too-many"),
        pytest.param({}, 422, id="nothing"),
        pytest.param({"items": [{}], "colour": 1}, 422, id="unknown-member"),
        pytest.param({"items": [{}], "reference": "a\0"}, 422, id="nul"),
        pytest.param([], 422, id="no-object"),
    ],
)
async def test_a_call_that_makes_no_sense_is_refused(api, body, status):
    assert (await api.post(BATCHES, json=body)).status_code == status
    assert not (await api.get(BATCHES)).json()["data"]


async def test_what_is_no_json_is_refused(api):
    assert (await api.post(BATCHES, content="{")).status_code == 400


async def test_a_thousand_items_take_a_moment(api, ledger: Ledger, account: Tenant):
    items = _items(*(f"film-{number}" for number in range(1000)))
    started = time.monotonic()
    taken = await _send(api, items, reference="many")
    assert time.monotonic() - started < 8  # about 1.5 s on a machine that does nothing else
    assert _outcomes(taken) == ["created"] * 1000
    count = select(func.count()).select_from(Step).where(Step.account_id == account.id)
    assert ledger(lambda s: s.scalar(count)) == 1000
    assert ledger(lambda s: s.scalar(select(func.count()).select_from(Outbox))) <= 1000
    again = time.monotonic()
    assert _outcomes(await _send(api, items, reference="many")) == ["attached"] * 1000
    assert time.monotonic() - again < 8


@pytest.mark.parametrize(("method", "part"), [("GET", ""), ("POST", "/items"), ("POST", "/cancel")])
async def test_another_account_finds_nothing(client, accounts, api, ledger, method, part):
    batch = (await _send(api, _items("a"), reference="r"))["batch"]["id"]
    async with client(accounts().key) as other:
        body = {"json": {"items": _items("b")}} if part == "/items" else {}
        assert (await other.request(method, f"{BATCHES}/{batch}{part}", **body)).status_code == 404
        assert not (await other.get(BATCHES)).json()["data"]
        # The same names are other batches and other jobs.
        theirs = await _send(other, _items("a"), reference="r")
        assert (theirs["batch"]["id"] != batch, _outcomes(theirs)) == (True, ["created"])
    assert ledger(lambda s: s.get_one(Batch, batch).canceled_at) is None


@pytest.mark.parametrize("id", ["batch_", "%00", "batch_01jdk3w5t7m2q9v8x4c6b1n0za", "job_01jdk3w5t7m2q9v8x4c6b1n0za"])
async def test_an_id_that_is_none_is_not_found(api, id):
    for method, part in (("GET", ""), ("POST", "/items"), ("POST", "/cancel")):
        content = json.dumps({"items": [{}]})
        assert (await api.request(method, f"{BATCHES}/{id}{part}", content=content)).status_code == 404


async def test_a_key_that_may_only_read_begins_nothing(client, accounts):
    async with client(accounts(scopes=("read",)).key) as reader:
        assert (await reader.post(BATCHES, json={"items": _items("a")})).status_code == 403
        assert (await reader.get(BATCHES)).status_code == 200
