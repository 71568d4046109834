import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, update
from standardwebhooks import Webhook

from services.backbone.clock import utc_now
from services.backbone.ids import new_id
from services.backbone.ledger.tables import Asset, Endpoint, Event, Job, JobStatus, Outbox, Step
from services.backbone.objects.keys import step_key
from services.backbone.objects.store import ObjectStore
from services.backbone.sealing import unseal
from services.backbone.settings import Settings
from services.backbone.webhooks.signing import make_secret
from tests.services.api.conftest import Client, Ledger, Tenant, Tenants
from tests.services.api.films import uploaded

LINES = "1\n00:00:01,000 --> 00:00:02,000\nHello.\n"

pytestmark = pytest.mark.anyio

JOBS = "/v1/jobs"
URL = "https://films.example/harbour.mp4"


async def _create(api: httpx.AsyncClient, **body: object) -> dict[str, object]:
    answer = await api.post(JOBS, json={"url": URL, **body})
    assert answer.status_code == 202, answer.text
    return answer.json()


def _set(ledger: Ledger, job_id: object, **columns: object) -> None:
    ledger(lambda s: s.execute(update(Job).where(Job.id == job_id).values(columns)))


async def test_a_job_of_an_upload_is_queued_with_its_first_step(api: httpx.AsyncClient, ledger: Ledger) -> None:
    upload = await uploaded(api)

    answer = await api.post(JOBS, json={"upload_id": upload, "reference": "episode 7"})

    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == job["status_url"] == f"http://127.0.0.1:8000/v1/jobs/{job['id']}"
    assert (job["status"], job["stage"], job["reference"]) == ("queued", "read", "episode 7")
    assert job["source"] == {"kind": "upload", "upload_id": upload, "name": "film.mp4"}
    steps = ledger(lambda s: s.scalars(select(Step).where(Step.job_id == job["id"])).all())
    assert [(step.kind, step.state) for step in steps] == [("read", "queued")]
    events = ledger(lambda s: s.scalars(select(Event.type).where(Event.job_id == job["id"]).order_by(Event.seq)).all())
    assert events[0] == "job.queued"


async def test_what_is_written_is_dispatched_at_once(api: httpx.AsyncClient, ledger: Ledger) -> None:
    await _create(api)

    for _ in range(100):
        if ledger(lambda s: s.scalar(select(func.count()).select_from(Outbox))) == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the outbox was not sent")


async def test_a_film_by_url_is_fetched_first(api: httpx.AsyncClient, ledger: Ledger) -> None:
    job = await _create(api, priority="bulk")

    steps = ledger(lambda s: s.scalars(select(Step).where(Step.job_id == job["id"])).all())
    assert [(step.kind, step.queue.endswith("-bulk")) for step in steps] == [("fetch", True)]


async def test_the_status_of_a_job_is_what_its_creation_told(api: httpx.AsyncClient) -> None:
    created = await _create(api, client_id="film-1", options={"hint": "a harbour – früh", "speech": LINES})

    answer = await api.get(f"{JOBS}/{created['id']}")

    assert answer.status_code == 200
    assert answer.json() == {name: value for name, value in created.items() if name != "webhook_secret"}
    assert answer.json()["options"]["hint"] == "a harbour – früh"
    assert "speech" not in answer.json()["options"]
    assert (await api.get(JOBS)).json()["data"] == [answer.json()]


async def test_a_status_that_did_not_change_is_not_sent_again(api: httpx.AsyncClient, ledger: Ledger) -> None:
    job = await _create(api)
    first = await api.get(f"{JOBS}/{job['id']}")
    known = {"If-None-Match": first.headers["etag"]}

    same = await api.get(f"{JOBS}/{job['id']}", headers=known)
    _set(ledger, job["id"], progress=0.5)
    changed = await api.get(f"{JOBS}/{job['id']}", headers=known)

    assert (same.status_code, same.content) == (304, b"")
    assert changed.json()["progress"] == 0.5
    assert changed.headers["etag"] != first.headers["etag"]


async def test_many_who_ask_at_once_get_each_their_own_answer(api: httpx.AsyncClient) -> None:
    jobs = [await _create(api, reference=str(number)) for number in range(20)]

    answers = await asyncio.gather(*(api.get(f"{JOBS}/{job['id']}") for job in jobs))

    assert [answer.json()["reference"] for answer in answers] == [str(number) for number in range(20)]


async def test_the_terms_of_a_job_are_kept(api: httpx.AsyncClient, ledger: Ledger) -> None:
    deadline = utc_now() + timedelta(hours=2)

    job = await _create(api, deadline=deadline.isoformat(), expires_in=3600, options={"seed": 7})

    row = ledger(lambda s: s.get_one(Job, job["id"]))
    assert row.deadline_at == deadline
    assert (row.keep, row.options["seed"]) == (3600, 7)


async def test_a_deadline_may_lie_at_the_end_of_time(api: httpx.AsyncClient) -> None:
    job = await _create(api, deadline="9999-12-31T23:59:59-14:00")

    assert job["deadline_at"].startswith("9998-12-31")


async def test_a_job_s_own_webhook_gets_a_secret_that_is_told_once(api: httpx.AsyncClient, ledger: Ledger) -> None:
    job = await _create(api, webhook={"url": "https://hooks.example/here", "events": ["job.succeeded"]})

    endpoint = ledger(lambda s: s.scalars(select(Endpoint).where(Endpoint.job_id == job["id"])).one())
    assert unseal(endpoint.secret) == job["webhook_secret"]
    Webhook(job["webhook_secret"])
    assert "webhook_secret" not in (await api.get(f"{JOBS}/{job['id']}")).json()


async def test_a_webhook_s_own_secret_is_taken_and_not_told(api: httpx.AsyncClient, ledger: Ledger) -> None:
    secret = make_secret()

    job = await _create(api, webhook={"url": "https://hooks.example/here", "secret": secret})

    endpoint = ledger(lambda s: s.scalars(select(Endpoint).where(Endpoint.job_id == job["id"])).one())
    assert unseal(endpoint.secret) == secret
    assert job["webhook_secret"] is None


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        pytest.param({}, 422, "", id="no-source"),
        pytest.param({"url": URL, "upload_id": "up_1"}, 422, "", id="two-sources"),
        pytest.param({"upload_id": "up_nothing"}, 404, "/upload_id", id="no-upload"),
        pytest.param({"upload_id": "up_\0"}, 422, "/upload_id", id="nul-upload"),
        pytest.param({"url": "https://127.0.0.1/film.mp4", "options": {"seed": -1}}, 422, "/options/seed", id="option"),
        pytest.param({"url": "ftp://films.example/a"}, 422, "/url", id="scheme"),
        pytest.param({"url": "https://10.0.0.1/film.mp4"}, 422, "/url", id="private-address"),
        pytest.param({"url": "https://films.example/\0"}, 422, "/url", id="nul-url"),
        pytest.param({"s3": "s3://somebody/film.mp4"}, 422, "/s3", id="bucket"),
        pytest.param({"s3": "s3:/film.mp4"}, 422, "/s3", id="no-s3"),
        pytest.param({"url": URL, "options": {"colour": 1}}, 422, "/options/colour", id="unknown-option"),
        pytest.param({"url": URL, "options": {"hint": "a\0b"}}, 422, "/options/hint", id="nul-hint"),
        pytest.param({"url": URL, "options": {"seed": 10**30}}, 422, "/options/seed", id="huge-seed"),
        pytest.param({"url": URL, "options": {"hint": "x" * 2001}}, 422, "/options/hint", id="long-hint"),
        pytest.param({"url": URL, "reference": "x" * 501}, 422, "/reference", id="long-reference"),
        pytest.param({"url": URL, "client_id": "../etc"}, 422, "/client_id", id="client-id"),
        pytest.param({"url": URL, "priority": "urgent"}, 422, "/priority", id="priority"),
        pytest.param({"url": URL, "deadline": "2020-01-01T00:00:00Z"}, 422, "/deadline", id="past-deadline"),
        pytest.param({"url": URL, "deadline": "2030-01-01T00:00:00"}, 422, "/deadline", id="no-zone"),
        pytest.param({"url": URL, "deadline": "0001-01-01T00:00:00+14:00"}, 422, "/deadline", id="first-deadline"),
        pytest.param({"url": URL, "deadline": 1e300}, 422, "/deadline", id="deadline-out-of-reach"),
        pytest.param({"url": URL, "expires_in": 10**20}, 422, "/expires_in", id="expires-in"),
        pytest.param({"url": URL, "webhook": {"url": "https://169.254.169.254/"}}, 422, "/webhook/url", id="metadata"),
        pytest.param({"url": URL, "webhook": {"url": URL, "secret": "abc"}}, 422, "/webhook/secret", id="secret"),
        pytest.param({"url": URL, "webhook": {"url": URL, "events": ["all"]}}, 422, "/webhook/events/0", id="event"),
    ],
)
async def test_what_makes_no_job_is_refused_with_a_pointer(
    api: httpx.AsyncClient, ledger: Ledger, account: Tenant, body: dict[str, object], status: int, pointer: str
) -> None:
    answer = await api.post(JOBS, json=body)

    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert ledger(lambda s: s.scalar(select(func.count()).where(Job.account_id == account.id))) == 0


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        pytest.param(b"", "application/json", 400, id="empty"),
        pytest.param(b"{", "application/json", 400, id="cut-short"),
        pytest.param(b'{"url": NaN}', "application/json", 400, id="nan"),
        pytest.param(b"\xff\xfe", "application/json", 400, id="no-utf-8"),
        pytest.param(b'"\\ud800"', "application/json", 400, id="lone-surrogate"),
        pytest.param(b"[" * 100_000, "application/json", 400, id="deep"),
        pytest.param(b"[]", "application/json", 422, id="list"),
        pytest.param(b"url=x", "application/x-www-form-urlencoded", 415, id="other-form"),
        pytest.param(b"{}" + b" " * (1 << 20), "application/json", 413, id="large"),
    ],
)
async def test_a_body_that_is_no_request_is_told_so(
    api: httpx.AsyncClient, content: bytes, kind: str, status: int
) -> None:
    answer = await api.post(JOBS, content=content, headers={"Content-Type": kind})

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_job_waits_for_its_upload_to_be_completed(api: httpx.AsyncClient) -> None:
    begun = (await api.post("/v1/uploads", json={"filename": "film.mp4", "size": 9})).json()

    answer = await api.post(JOBS, json={"upload_id": begun["id"]})

    assert answer.status_code == 409
    assert "waiting" in answer.json()["detail"]


async def test_a_client_s_id_is_given_once(api: httpx.AsyncClient) -> None:
    await _create(api, client_id="film-1")

    assert (await api.post(JOBS, json={"url": URL, "client_id": "film-1"})).status_code == 409


async def test_putting_the_same_job_again_attaches_to_it(api: httpx.AsyncClient) -> None:
    body = {"url": URL, "options": {"seed": 3}}
    created = await api.put(f"{JOBS}/film-1", json=body)
    again = await api.put(f"{JOBS}/film-1", json=body)
    other = await api.put(f"{JOBS}/film-1", json={"url": URL})

    assert (created.status_code, again.status_code, other.status_code) == (202, 200, 409)
    assert created.json()["client_id"] == "film-1"
    assert again.json()["id"] == created.json()["id"]


async def test_a_default_that_is_spelled_out_makes_no_other_request(api: httpx.AsyncClient) -> None:
    await api.put(f"{JOBS}/film-1", json={"url": URL})
    again = await api.put(f"{JOBS}/film-1", json={"url": URL, "priority": "normal", "client_id": "film-1"})

    assert again.status_code == 200, again.text


async def test_a_body_that_names_another_id_than_the_path_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.put(f"{JOBS}/film-1", json={"url": URL, "client_id": "film-2"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/client_id"


async def test_two_who_put_the_same_job_at_once_get_the_same_one(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.put(f"{JOBS}/film-1", json={"url": URL}) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_jobs_are_listed_newest_first_in_pages(api: httpx.AsyncClient) -> None:
    made = [(await _create(api, reference=f"film {number}"))["id"] for number in range(5)]
    listed, cursor = [], None

    for _ in range(3):
        page = (await api.get(JOBS, params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        listed += [job["id"] for job in page["data"]]
        cursor = page["next_cursor"]

    assert listed == made[::-1]
    assert cursor is None


async def test_jobs_are_listed_by_what_is_known_of_them(api: httpx.AsyncClient, ledger: Ledger) -> None:
    first = await _create(api, reference="a", client_id="one")
    second = await _create(api, reference="b")
    _set(ledger, second["id"], status=JobStatus.SUCCEEDED, created_at=utc_now() - timedelta(days=1))
    border = (utc_now() - timedelta(hours=1)).isoformat()

    async def found(**filters: object) -> list[object]:
        answer = await api.get(JOBS, params=filters)
        assert answer.status_code == 200, answer.text
        return [job["id"] for job in answer.json()["data"]]

    assert await found(status="succeeded") == [second["id"]]
    assert await found(status=["succeeded", "queued"]) == [second["id"], first["id"]]
    assert await found(reference="a") == await found(client_id="one") == [first["id"]]
    assert await found(created_after=border) == [first["id"]]
    assert await found(created_before=border) == [second["id"]]
    assert await found(batch_id="batch_0") == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        pytest.param({"limit": 0}, "limit", id="limit-0"),
        pytest.param({"limit": 101}, "limit", id="limit-101"),
        pytest.param({"limit": 10**30}, "limit", id="limit-huge"),
        pytest.param({"cursor": "nonsense"}, "cursor", id="cursor"),
        pytest.param({"cursor": "job_\0"}, "cursor", id="cursor-nul"),
        pytest.param({"status": "gone"}, "status.0", id="status"),
        pytest.param({"reference": "a\0"}, "reference", id="reference-nul"),
        pytest.param({"created_after": "yesterday"}, "created_after", id="time"),
        pytest.param({"created_after": "-1e300"}, "created_after", id="time-out-of-reach"),
        pytest.param({"created_before": "0.5"}, "created_before", id="number"),
        pytest.param({"created_before": "2030-01-01T00:00:00"}, "created_before", id="no-zone"),
    ],
)
async def test_a_list_that_cannot_be_is_refused(
    api: httpx.AsyncClient, query: dict[str, object], parameter: str
) -> None:
    answer = await api.get(JOBS, params=query)

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["parameter"] == parameter


async def test_a_canceled_job_ends_at_once_and_stays_so(api: httpx.AsyncClient) -> None:
    job = await _create(api)

    answers = [await api.post(f"{JOBS}/{job['id']}/cancel") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["status"] for answer in answers] == ["canceled"] * 2
    assert answers[1].json()["canceled_at"] is not None


async def test_a_job_that_has_ended_is_not_canceled(api: httpx.AsyncClient, ledger: Ledger) -> None:
    job = await _create(api)
    _set(ledger, job["id"], status=JobStatus.SUCCEEDED)

    assert (await api.post(f"{JOBS}/{job['id']}/cancel")).status_code == 409


async def test_a_canceled_job_can_be_tried_again(api: httpx.AsyncClient) -> None:
    job = await _create(api)
    early = await api.post(f"{JOBS}/{job['id']}/retry")
    await api.post(f"{JOBS}/{job['id']}/cancel")

    answer = await api.post(f"{JOBS}/{job['id']}/retry")

    assert (early.status_code, answer.status_code) == (409, 202)
    assert answer.json()["status"] == "queued"


async def test_a_deleted_job_leaves_nothing(
    api: httpx.AsyncClient, ledger: Ledger, account: Tenant, service_settings: Settings
) -> None:
    upload = await uploaded(api)
    job = (await api.post(JOBS, json={"upload_id": upload})).json()
    store = ObjectStore.of(service_settings)
    made = store.put_bytes(b"flac", step_key(account.id, job["id"], new_id("step"), 1, "master.flac"), "audio/flac")
    asset = Asset(
        id=new_id("asset"), account_id=account.id, job_id=job["id"], name="master.flac", public=True,
        object_key=made.key, content_type="audio/flac", bytes=made.bytes, sha256=made.sha256,
    )  # fmt: skip
    ledger(lambda s: s.add(asset))

    answer = await api.delete(f"{JOBS}/{job['id']}")

    assert answer.status_code == 204
    assert (await api.get(f"{JOBS}/{job['id']}")).status_code == 404
    assert list(store.list("")) == []
    assert ledger(lambda s: s.scalar(select(func.count()).where(Asset.account_id == account.id))) == 0
    assert (await api.post(JOBS, json={"upload_id": upload})).status_code == 409


async def test_a_film_stays_as_long_as_another_job_is_of_it(api: httpx.AsyncClient, service_settings: Settings) -> None:
    upload = await uploaded(api)
    jobs = [(await api.post(JOBS, json={"upload_id": upload})).json()["id"] for _ in range(2)]

    await api.delete(f"{JOBS}/{jobs[0]}")
    left = list(ObjectStore.of(service_settings).list(""))
    await api.delete(f"{JOBS}/{jobs[1]}")

    assert len(left) == 1
    assert list(ObjectStore.of(service_settings).list("")) == []


async def test_jobs_under_way_are_limited_by_account(client: Client, accounts: Tenants) -> None:
    async with client(accounts(max_jobs=2).key) as small:
        jobs = [await _create(small) for _ in range(2)]
        refused = await small.post(JOBS, json={"url": URL})
        await small.post(f"{JOBS}/{jobs[0]['id']}/cancel")
        room = await small.post(JOBS, json={"url": URL})

    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert room.status_code == 202


async def test_minutes_of_film_under_way_are_limited_by_account(
    client: Client, accounts: Tenants, ledger: Ledger
) -> None:
    async with client(accounts(max_minutes=90).key) as small:
        job = await _create(small)
        _set(ledger, job["id"], film={"duration": 5400.0})
        refused = await small.post(JOBS, json={"url": URL})

    assert refused.status_code == 429
    assert "90 minutes of film" in refused.json()["detail"]


async def test_the_quota_holds_when_many_come_at_once(client: Client, accounts: Tenants) -> None:
    async with client(accounts(max_jobs=3).key) as small:
        answers = await asyncio.gather(*(small.post(JOBS, json={"url": URL}) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [429] * 7


async def test_jobs_of_others_are_not_found(client: Client, api: httpx.AsyncClient, accounts: Tenants) -> None:
    upload = await uploaded(api)
    job = (await api.post(JOBS, json={"upload_id": upload, "client_id": "film-1"})).json()
    here = f"{JOBS}/{job['id']}"

    async with client(accounts().key) as stranger:
        answers = [
            await stranger.get(here),
            await stranger.post(f"{here}/cancel"),
            await stranger.post(f"{here}/retry"),
            await stranger.delete(here),
        ]
        theirs = await stranger.post(JOBS, json={"upload_id": upload})
        own = await stranger.put(f"{JOBS}/film-1", json={"url": URL})
        listed = await stranger.get(JOBS, params={"client_id": "film-1"})

    assert [answer.status_code for answer in answers] == [404] * 4
    assert theirs.status_code == 404
    assert own.status_code == 202
    assert [each["id"] for each in listed.json()["data"]] == [own.json()["id"]]
    assert (await api.get(here)).json()["status"] == "queued"


@pytest.mark.parametrize("id", ["job_%00", "job_" + "0" * 26, "%F0%9F%8E%AC", "x" * 3000, "job_\u00fc"])
async def test_an_id_that_is_none_is_not_found(api: httpx.AsyncClient, id: str) -> None:
    assert (await api.get(f"{JOBS}/{id}")).status_code == 404
    assert (await api.delete(f"{JOBS}/{id}")).status_code == 404
