"""Jobs that ask for a cast, and what the cast cost."""

import httpx
import pytest

from services.backbone.ledger.repositories.talks import Talks
from soundstage.agents.record import Exchange
from tests.services.api.conftest import Ledger

pytestmark = pytest.mark.anyio

JOBS = "/v1/jobs"
URL = "https://films.example/harbour.mp4"


async def _created(api: httpx.AsyncClient, **body: object) -> dict[str, object]:
    answer = await api.post(JOBS, json={"url": URL, **body})
    assert answer.status_code == 202, answer.text
    return answer.json()


NO_MODELS = {"cast": "llm"}
NO_NARRATOR = {"narrate": True}


@pytest.mark.parametrize(
    ("options", "pointer", "word"),
    [
        pytest.param(NO_MODELS, "/options/cast", "SOUNDSTAGE_AGENTS__MODEL", id="no models"),
        pytest.param(NO_NARRATOR, "/options/narrate", "house cast", id="no narrator in the house"),
        pytest.param({"cast": "llm", "most_tokens": 0}, "/options/most_tokens", "greater", id="no tokens"),
        pytest.param({"cast": "llm", "most_dollars": 0}, "/options/most_dollars", "greater", id="no dollars"),
        pytest.param({"cast": "guests"}, "/options/cast", "house", id="no such cast"),
    ],
)
async def test_what_nobody_here_can_do_is_refused(
    options: dict[str, object], pointer: str, word: str, api: httpx.AsyncClient
) -> None:
    answer = await api.post(JOBS, json={"url": URL, "options": options})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert word in answer.json()["detail"]


async def test_an_item_of_a_batch_that_nobody_can_do_is_refused_alone(api: httpx.AsyncClient) -> None:
    items = [{"client_id": "a", "url": URL, "options": NO_MODELS}, {"client_id": "b", "url": URL}]

    answer = await api.post("/v1/batches", json={"items": items})

    assert [item["outcome"] for item in answer.json()["items"]] == ["refused", "created"]


async def test_models_are_asked_where_the_operator_names_some(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUNDSTAGE_AGENTS__MODEL", "openai-chat:large")
    asked = {"cast": "llm", "fallback": True, "narrate": True, "most_tokens": 200_000, "most_dollars": 1.5}

    job = await _created(api, options=asked)

    assert asked.items() <= job["options"].items()
    assert "large" not in str(job)


async def test_a_status_tells_what_models_cost_and_changes_with_it(api: httpx.AsyncClient, ledger: Ledger) -> None:
    job = await _created(api)
    before = await api.get(f"{JOBS}/{job['id']}")
    exchange = Exchange(role="designer", prompt="designer_draft@1", model="m", tokens_in=900, tokens_out=50)

    ledger(lambda s: Talks(s, job["id"]).add("step_1", [exchange]))

    after = await api.get(f"{JOBS}/{job['id']}", headers={"If-None-Match": before.headers["etag"]})
    assert before.json()["usage"] is None
    assert after.json()["usage"] == {
        "agents": {"questions": 1, "tokens_in": 900, "tokens_out": 50, "cost": None, "stood_in": 0}
    }


@pytest.mark.parametrize(
    ("body", "budget"),
    [
        pytest.param(None, (1000, 0.5), id="as it was"),
        pytest.param({}, (1000, 0.5), id="nothing named"),
        pytest.param({"most_tokens": 5000}, (5000, 0.5), id="more tokens"),
        pytest.param({"most_tokens": 5000, "most_dollars": 2}, (5000, 2), id="more of both"),
    ],
)
async def test_a_job_that_spent_its_budget_is_tried_again_with_a_larger_one(
    body: dict[str, object] | None, budget: tuple[int, float], api: httpx.AsyncClient
) -> None:
    job = await _created(api, options={"hint": "a harbour", "most_tokens": 1000, "most_dollars": 0.5})
    await api.post(f"{JOBS}/{job['id']}/cancel")

    answer = await api.post(f"{JOBS}/{job['id']}/retry", json=body)

    assert answer.status_code == 202, answer.text
    options = answer.json()["options"]
    assert (options["most_tokens"], options["most_dollars"], options["hint"]) == (*budget, "a harbour")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({"most_tokens": 0}, "/most_tokens", id="no tokens"),
        pytest.param({"most_dollars": -1}, "/most_dollars", id="less than nothing"),
        pytest.param({"hint": "a lake"}, "/hint", id="another option"),
    ],
)
async def test_a_budget_that_makes_no_sense_changes_nothing(
    body: dict[str, object], pointer: str, api: httpx.AsyncClient
) -> None:
    job = await _created(api)
    await api.post(f"{JOBS}/{job['id']}/cancel")

    answer = await api.post(f"{JOBS}/{job['id']}/retry", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await api.get(f"{JOBS}/{job['id']}")).json()["status"] == "canceled"


async def test_a_job_that_runs_keeps_its_budget(api: httpx.AsyncClient) -> None:
    job = await _created(api, options={"most_tokens": 1000})

    answer = await api.post(f"{JOBS}/{job['id']}/retry", json={"most_tokens": 5000})

    assert answer.status_code == 409
    assert (await api.get(f"{JOBS}/{job['id']}")).json()["options"]["most_tokens"] == 1000
