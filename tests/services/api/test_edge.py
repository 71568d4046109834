from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from services.api.app import create_app
from services.backbone.ids import new_id
from services.backbone.keys import make_key
from services.backbone.settings import Settings
from tests.services.api.conftest import Client, Tenant

pytestmark = pytest.mark.anyio


async def test_a_request_keeps_the_id_that_it_came_with(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/nothing", headers={"X-Request-Id": "batch-7.film_3"})

    assert answer.headers["x-request-id"] == answer.json()["instance"] == "batch-7.film_3"


@pytest.mark.parametrize("id", ["", "a b", "x" * 129, "<script>"])
async def test_an_id_that_is_not_plain_is_replaced(api: httpx.AsyncClient, id: str) -> None:
    assert (await api.get("/v1/jobs", headers={"X-Request-Id": id})).headers["x-request-id"].startswith("req_")


async def test_answers_are_data_and_say_so(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/jobs")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


async def test_pages_of_others_may_call_only_where_it_is_allowed(service_settings: Settings) -> None:
    app = create_app(service_settings.model_copy(update={"cors_origins": ("https://studio.example",)}))
    async with _calling(app) as api:
        allowed = await api.get("/v1/jobs", headers={"Origin": "https://studio.example"})
        other = await api.get("/v1/jobs", headers={"Origin": "https://evil.example"})

    assert allowed.headers["access-control-allow-origin"] == "https://studio.example"
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        pytest.param("GET", "/nothing", 404, "not-found", id="no-route"),
        pytest.param("GET", "/v1/jobs/", 404, "not-found", id="slash"),
        pytest.param("PATCH", "/v1/jobs", 405, "method-not-allowed", id="method"),
        pytest.param("POST", "/v1/jobs/job_1", 405, "method-not-allowed", id="method-of-the-lean-route"),
    ],
)
async def test_what_the_router_does_not_know_is_a_problem_too(
    api: httpx.AsyncClient, method: str, path: str, status: int, kind: str
) -> None:
    answer = await api.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"http://127.0.0.1:8000/problems/{kind}"
    assert status != 405 or answer.headers["allow"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/v1/uploads", id="uploads"),
        pytest.param("POST", "/v1/webhook-endpoints", id="endpoints"),
        pytest.param("PATCH", f"/v1/webhook-endpoints/{new_id('hook')}", id="an-endpoint"),
        pytest.param("POST", "/v1/batches", id="batches"),
        pytest.param("POST", f"/v1/batches/{new_id('batch')}/items", id="items"),
        pytest.param("PUT", "/v1/jobs/film-1", id="a-job"),
        pytest.param("PUT", f"/v1/jobs/{new_id('job')}/cuesheet", id="a-cue-sheet"),
    ],
)
async def test_a_body_that_says_it_is_no_json_is_refused_wherever_one_is_read(
    api: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await api.request(method, path, content=b"{}", headers={"Content-Type": "text/plain"})

    assert answer.status_code == 415, answer.text
    assert answer.json()["type"].endswith("/unsupported-media-type")


async def test_a_body_without_a_type_is_json(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/uploads", content=b'{"filename": "film.mp4", "size": 9}')

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000], ids=["cut-short", "no-utf-8", "deep"])
async def test_what_is_no_json_is_told_in_one_sentence(api: httpx.AsyncClient, body: bytes) -> None:
    answer = await api.post("/v1/uploads", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["detail"]) == (400, "The body is no JSON; send a JSON object.")


async def test_all_methods_of_an_address_are_told(api: httpx.AsyncClient) -> None:
    answer = await api.options("/v1/jobs/job_1")

    assert answer.headers["allow"] == "DELETE, GET, PUT"


async def test_the_type_of_a_problem_leads_to_what_it_means(client: Client) -> None:
    async with client(None) as nobody:
        problem = (await nobody.get("/v1/jobs")).json()
        kind = await nobody.get(urlsplit(problem["type"]).path)
        unknown = await nobody.get("/problems/nothing")

    assert kind.json() == {"type": problem["type"], "title": problem["title"]}
    assert unknown.status_code == 404


async def test_what_nobody_foresaw_tells_no_internals(api: httpx.AsyncClient, app: FastAPI) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("the secret is sesame")

    answer = await api.get("/broken")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == answer.headers["x-request-id"]
    assert "sesame" not in answer.text


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/jobs/job_00000000000000000000000000"])
@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:9/none", "postgresql://nobody@nowhere.invalid/none"])
async def test_a_database_that_is_away_is_worth_another_try(service_settings: Settings, url: str, path: str) -> None:
    async with _calling(create_app(service_settings.model_copy(update={"database_url": url}))) as api:
        answer = await api.get(path)

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["type"].endswith("/problems/unavailable")


async def test_a_service_without_redis_takes_jobs_in(service_settings: Settings, account: Tenant) -> None:
    away = service_settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"})
    async with _calling(create_app(away), account.key) as api:
        answers = [await api.post("/v1/jobs", json={"url": "https://films.example/a.mp4"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1].headers["ratelimit"].startswith('"write";r=')


@pytest.mark.parametrize(
    ("path", "limit"), [("/v1/jobs", 1 << 20), ("/v1/uploads", 1 << 20), ("/v1/jobs/job_1/cuesheet", 16 << 20)]
)
async def test_a_body_that_is_too_large_is_not_read(api: httpx.AsyncClient, path: str, limit: int) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(limit // 65536 + 2):
            yield bytes(65536)

    method = "PUT" if path.endswith("cuesheet") else "POST"
    told = await api.request(method, path, content=b" " * (limit + 1), headers={"Content-Type": "application/json"})
    found = await api.request(method, path, content=endless(), headers={"Content-Type": "application/json"})

    assert (told.status_code, found.status_code) == (413, 413)
    assert told.json()["type"].endswith("/problems/too-large")


@asynccontextmanager
async def _calling(app: FastAPI, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """An app of the test's own, running, and a client of it."""
    headers = {"Authorization": f"Bearer {key or make_key()}"}
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=headers) as made,
    ):
        yield made
