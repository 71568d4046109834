"""Films through the service with a cast that asks models: a stand-in server over a real socket, by a script."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from services.backbone.dispatch import claims, flow, phases
from services.backbone.dispatch.running import Handler
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Cue, Job, Step, StepState, Turn
from services.backbone.options import JobOptions
from services.backbone.settings import Settings
from services.worker_gpu.service import SERVICE as GPU
from services.worker_llm.service import SERVICE as LLM
from tests.agents.llm.asked import Asked
from tests.agents.llm.standin import Reply, Standin, refusal, said, silence, standin
from tests.agents.llm.studio import material, sensible
from tests.services.house import WORKING, running_house, wait_until
from tests.services.jobs import artifacts, small_film, status, submit, work_all

MODELS = JobOptions(cast="llm", candidates=1, transcript=False)
# Nothing in the house makes it, and its like can be made.
UNHEARD = "lacrosse"
DRAFT = said(
    {
        "main": [{"words": UNHEARD, "reason": "somebody plays", "visible": True}],
        "background": [{"words": "city traffic", "reason": "a street", "visible": False, "level": -34}],
    }
)


def another(asked: Asked) -> Reply:
    """The first label in place of one that fell short that can be made here."""
    label = next(each["label"] for each in material(asked)["labels"] if each["made here"])
    return said({"action": "change", "label": label, "words": f"{label}, played hard"})


SCRIPT = sensible(**{"Decide what should be heard": DRAFT, "was made and listened": another})


@contextmanager
def models(monkeypatch: pytest.MonkeyPatch, reply: Reply = SCRIPT) -> Iterator[Standin]:
    """The stand-in, and an environment in which it is asked."""
    with standin(reply) as server:
        settings = {"MODEL": "openai-chat:stand-in", "BASE_URL": server.url, "INPUT_PRICE": "1", "OUTPUT_PRICE": "1"}
        for name, value in settings.items():
            monkeypatch.setenv(f"SOUNDSTAGE_AGENTS__{name}", value)
        yield server


@pytest.fixture
def database_url(fresh_database_url: str) -> str:
    """A ledger for one test alone: a house works whatever it finds."""
    return fresh_database_url


@pytest.fixture(scope="module")
def handlers() -> Mapping[str, Handler]:
    return {**LLM.warm(), **GPU.warm()}


def rows(job_id: str, table: type, *order: object) -> list[object]:
    with transaction() as session:
        return list(session.scalars(select(table).where(table.job_id == job_id).order_by(*order)))


def job_row(job_id: str) -> Job:
    with transaction() as session:
        return session.get_one(Job, job_id)


def kinds(job_id: str) -> list[str]:
    return [step.kind for step in rows(job_id, Step, Step.created_at, Step.position)]


def how_often(server: Standin, purpose: str) -> int:
    return sum(purpose in asked.system for asked in server.requests)


def test_a_film_goes_through_models_and_what_fell_short_is_made_again(
    service_environment: Mapping[str, str],
    service_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    film = small_film(tmp_path, pictures=50)
    with models(monkeypatch), running_house(tmp_path, service_environment, *WORKING) as house:
        job = submit(film, service_settings, MODELS)
        wait_until(lambda: status(job) not in ("queued", "running"), 120, house.logs)
    assert status(job) == "succeeded", house.logs()
    assert kinds(job)[-5:] == ["synthesize", "listen", "synthesize-2", "listen-2", "mix"]
    cues = rows(job, Cue)
    assert UNHEARD not in {cue.label for cue in cues}
    assert all(cue.take_id for cue in cues)
    turns = rows(job, Turn, Turn.position)
    assert [turn.position for turn in turns] == list(range(len(turns)))
    asked = [turn for turn in turns if turn.model == "openai-chat:stand-in"]
    assert 0 < len(asked) < len(turns)
    assert all(turn.tokens_in == 100 and turn.tokens_out == 20 and "@" in turn.prompt_version for turn in asked)
    assert job_row(job).usage == {
        "agents": {
            "questions": len(asked),
            "tokens_in": 100 * len(asked),
            "tokens_out": 20 * len(asked),
            "cost": pytest.approx(120e-6 * len(asked)),
            "stood_in": 0,
        }
    }


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return small_film(tmp_path, pictures=30)


Run = Callable[[JobOptions], str]


@pytest.fixture
def run(film: Path, service_settings: Settings, handlers: Mapping[str, Handler]) -> Run:
    def work(options: JobOptions) -> str:
        job = submit(film, service_settings, options)
        work_all(handlers)
        return job

    return work


def test_steps_that_describe_share_one_look_at_the_film(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(phases, "SHOTS_A_STEP_OF_MODELS", 1)
    with models(monkeypatch) as server:
        job = run(MODELS)
    assert status(job) == "succeeded"
    assert kinds(job).count("describe") == 2
    assert how_often(server, "shown stills of a whole film") == 1
    assert how_often(server, "shown one shot of a film") == 2


def test_clips_are_made_and_shown_where_models_look_at_them(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOUNDSTAGE_AGENTS__LOOKS", "clip")
    with models(monkeypatch) as server:
        job = run(MODELS)
    assert status(job) == "succeeded", job_row(job).error
    assert sum(name.startswith("reading/clips/") for name in artifacts(job)) == 2
    assert sum("data:video/mp4;base64" in str(asked.messages) for asked in server.requests) == 2


def test_what_was_answered_is_not_asked_again_when_a_worker_is_lost(
    film: Path, service_settings: Settings, handlers: Mapping[str, Handler], monkeypatch: pytest.MonkeyPatch
):
    with models(monkeypatch) as server:
        submit(film, service_settings, MODELS)
        (reading,) = claims.claim("media", "test")
        claims.finish(reading, handlers["read"](reading, lambda fraction: None))
        (lost,) = claims.claim("llm", "lost")
        handlers["overview"](lost, lambda fraction: None)  # and never handed in
        claims.hand_back(lost)
        (again,) = claims.claim("llm", "test")
        claims.finish(again, handlers["overview"](again, lambda fraction: None))
    assert len(server.requests) == 1


def test_a_cancel_leaves_a_model_that_does_not_answer(
    service_environment: Mapping[str, str],
    service_settings: Settings,
    film: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    with models(monkeypatch, silence()) as server, running_house(tmp_path, service_environment, *WORKING) as house:
        job = submit(film, service_settings, MODELS)
        wait_until(lambda: bool(server.requests), 120, house.logs)
        (process,) = house.pool("worker_llm")
        with transaction() as session:
            flow.cancel(session, session.get_one(Job, job, with_for_update=True))
        wait_until(lambda: all(step.state is not StepState.RUNNING for step in rows(job, Step)), 60, house.logs)
        assert process.is_running()
    assert status(job) == "canceled"


@pytest.mark.parametrize(
    "limit",
    [pytest.param({"most_tokens": 2500}, id="tokens"), pytest.param({"most_dollars": 0.0025}, id="dollars")],
)
def test_a_job_ends_when_its_budget_is_spent(limit: dict[str, float], run: Run, monkeypatch: pytest.MonkeyPatch):
    with models(monkeypatch) as server:
        job = run(MODELS.model_copy(update=limit))
    ended = job_row(job)
    assert (ended.status, ended.error["kind"]) == ("failed", "budget-spent")
    assert ended.usage["agents"]["questions"] == len(server.requests) > 0


def test_the_house_goes_on_where_the_budget_allows_no_question(run: Run, monkeypatch: pytest.MonkeyPatch):
    with models(monkeypatch) as server:
        job = run(MODELS.model_copy(update={"most_tokens": 1, "fallback": True}))
    ended = job_row(job)
    assert (ended.status, server.requests) == ("succeeded", [])
    assert ended.usage["agents"]["questions"] == 0
    assert ended.usage["agents"]["stood_in"] > 0


@pytest.mark.parametrize(
    ("fallback", "ending"), [pytest.param(False, "failed", id="alone"), pytest.param(True, "succeeded", id="fallback")]
)
def test_a_model_that_declines(fallback: bool, ending: str, run: Run, monkeypatch: pytest.MonkeyPatch):
    with models(monkeypatch, refusal()):
        job = run(MODELS.model_copy(update={"fallback": fallback}))
    assert status(job) == ending
    assert (job_row(job).error or {}).get("kind") == (None if fallback else "bad-answer")


def test_the_house_takes_the_steps_it_always_took(run: Run):
    job = run(JobOptions(candidates=1, transcript=False))
    assert kinds(job) == ["read", "describe", "storyboard", "design", "compose", "synthesize", "mix"]
    assert job_row(job).usage is None
