from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from services.api.app import create_app
from services.backbone.dispatch import workers
from services.backbone.dispatch.queues import Lane, queues_of
from services.backbone.settings import settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def anybody(client):
    async with client(None) as made:
        yield made


@pytest.fixture
def worker(service_settings):
    id = workers.new_worker_id("test")
    workers.register(id, queues_of(*Lane))
    workers.set_ready(id)
    yield id
    workers.unregister(id)


async def test_the_process_lives(anybody):
    assert (await anybody.get("/healthz")).json() == {"status": "alive"}


async def test_all_is_ready(anybody, worker):
    answer = await anybody.get("/readyz")
    assert answer.status_code == 200, answer.text
    assert all(check["ok"] for check in answer.json()["checks"].values())


async def test_missing_workers_are_named(anybody):
    answer = await anybody.get("/readyz")
    assert answer.status_code == 503
    assert _down(answer) == {"workers"}
    assert "gpu" in answer.json()["checks"]["workers"]["detail"]
    assert (await anybody.get("/readyz", params={"exclude": "workers"})).status_code == 200


async def test_a_worker_that_drains_does_not_count(anybody, worker):
    workers.drain(worker)
    assert _down(await anybody.get("/readyz")) == {"workers"}


@asynccontextmanager
async def _elsewhere(monkeypatch, **variables: str) -> AsyncIterator[httpx.AsyncClient]:
    """An app whose environment names other servers."""
    with monkeypatch.context() as changed:
        for variable, value in variables.items():
            changed.setenv(variable, value)
        settings.cache_clear()
        app = create_app(settings())
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") as anybody,
        ):
            yield anybody
    settings.cache_clear()


@pytest.mark.parametrize(
    ("variable", "value", "down"),
    [
        pytest.param("REDIS_URL", "redis://127.0.0.1:9/0", {"redis"}, id="redis"),
        pytest.param("S3_ENDPOINT_URL", "http://127.0.0.1:9", {"store"}, id="store"),
        pytest.param(
            "DATABASE_URL", "postgresql://nobody@127.0.0.1:9/x", {"database", "migrations", "workers"}, id="database"
        ),
    ],
)
async def test_what_is_down_is_named(worker, monkeypatch, variable, value, down):
    async with _elsewhere(monkeypatch, **{variable: value}) as anybody:
        answer = await anybody.get("/readyz")
        assert (answer.status_code, _down(answer)) == (503, down)
        assert "127.0.0.1" not in answer.text
        assert (await anybody.get("/healthz")).status_code == 200


async def test_an_unmigrated_database_is_named(worker, monkeypatch, empty_database_url):
    async with _elsewhere(monkeypatch, DATABASE_URL=empty_database_url) as anybody:
        assert "migrations" in _down(await anybody.get("/readyz"))


async def test_metrics_are_told(anybody):
    answer = await anybody.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "soundstage_" in answer.text


def _down(answer: httpx.Response) -> set[str]:
    return {name for name, check in answer.json()["checks"].items() if not check["ok"]}


async def test_requests_are_counted_by_what_we_know_and_never_by_what_clients_make_up(anybody):
    await anybody.get("/v1/jobs/job_made_up")
    await anybody.request("BREW", "/made/up")
    told = (await anybody.get("/metrics")).text
    assert 'soundstage_http_requests_total{method="GET",route="/v1/jobs/{id}",status="401"}' in told
    assert 'soundstage_http_requests_total{method="OTHER",route="none",status="404"}' in told
    assert "job_made_up" not in told
    assert "/made/up" not in told
    assert "BREW" not in told
