from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path

import pytest

from soundstage.agents.house import house_cast
from soundstage.agents.llm import llm_cast
from soundstage.agents.llm.understudy import HOUSE, with_understudy
from soundstage.agents.record import Budget, Exchange
from soundstage.agents.roles import Cast, ShotScript, Verdict
from soundstage.cuesheet import Overview
from soundstage.errors import (
    BadAnswer,
    BadOption,
    BudgetSpent,
    MissingPart,
    ModelAway,
    ModelRefused,
    SoundstageError,
    StorageError,
)
from soundstage.workfolder import WorkFolder
from tests.agents.llm.desks import settings_for
from tests.agents.llm.scenes import scripts, view
from tests.agents.llm.standin import Reply, by_purpose, half_json, hang_up, said, standin, status

CAST = house_cast()
MERGED = {"merge": True, "confidence": 1.0, "reason": "the same dog"}


class Failing:
    """A Storyboarder whose model fails."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        raise self._error


def lead(error: BaseException) -> Cast:
    return replace(CAST, name="lead", storyboarder=Failing(error), at_once=7, listens=True)


def judged(cast: Cast) -> Verdict:
    before, after = scripts("a dog sleeps", "a dog barks")
    return cast.storyboarder.judge(before, after, Overview())


@pytest.mark.parametrize("kind", [ModelAway, ModelRefused, BadAnswer, BudgetSpent])
def test_failing_model_is_stood_in_for(kind: type[SoundstageError]):
    told: list[Exchange] = []
    assert judged(with_understudy(lead(kind("It fails.")), CAST, told.append)) == judged(CAST)
    assert told == [Exchange(role="storyboarder", prompt="judge", model=HOUSE, problem="It fails.")]


def test_where_the_understudy_has_no_part_the_failure_is_the_leads():
    told: list[Exchange] = []
    cast = with_understudy(lead(ModelAway("It fails.")), lead(MissingPart("No such part.")), told.append)
    with pytest.raises(ModelAway, match="It fails"):
        judged(cast)
    assert told == []


@pytest.mark.parametrize(
    "error",
    [
        StorageError("full"),
        BadOption("odd"),
        MissingPart("gone"),
        ValueError("ours"),
        CancelledError(),
        KeyboardInterrupt(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_failures_are_raised(error: BaseException):
    told: list[Exchange] = []
    with pytest.raises(type(error)):
        judged(with_understudy(lead(error), CAST, told.append))
    assert told == []


def test_lead_that_answers_is_not_stood_in_for():
    told: list[Exchange] = []
    assert judged(with_understudy(CAST, lead(ModelAway("not asked")), told.append)) == judged(CAST)
    assert told == []


def test_failure_of_the_understudy_is_raised():
    with pytest.raises(BadAnswer, match="too"):
        judged(with_understudy(lead(ModelAway("away")), lead(BadAnswer("too")), lambda exchange: None))


def test_cast_stays_the_leads_own():
    left: list[str] = []
    own = replace(lead(ModelAway("away")), abandon=lambda: left.append("left"))
    cast = with_understudy(own, CAST, lambda exchange: None)
    cast.abandon()
    assert (cast.name, cast.at_once, cast.listens, left) == ("lead", 7, True, ["left"])


def test_a_cast_knows_whether_it_was_stood_in_for():
    cast = with_understudy(lead(ModelAway("away")), CAST, lambda exchange: None)
    assert not cast.stood_in()
    judged(cast)
    assert cast.stood_in()


@pytest.mark.parametrize("role", ["scriptwriter", "storyboarder", "designer", "synthesizer"])
def test_every_role_can_be_stood_in_for(role: str):
    cast = with_understudy(CAST, CAST, lambda exchange: None)
    methods = [name for name in dir(getattr(CAST, role)) if not name.startswith("_")]
    assert all(callable(getattr(getattr(cast, role), name)) for name in methods)
    with pytest.raises(AttributeError):
        _ = getattr(cast, role).dance


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(status(401), id="refused"),
        pytest.param(hang_up(), id="away"),
        pytest.param(half_json(), id="no answer"),
        pytest.param(said({"main": "rain", "suggestions": "rain", "choices": "rain"}), id="bad answer"),
    ],
)
def test_scene_is_designed_whatever_the_models_do(reply: Reply, tmp_path: Path):
    told: list[Exchange] = []
    memory = WorkFolder(tmp_path)
    memory.memory.mkdir()
    with standin(reply) as server:
        settings = settings_for(server, retries=0)
        cast = llm_cast(settings, memory=memory, record=told.append, understudy=CAST)
        draft = cast.designer.draft(view())
        plan = cast.synthesizer.retrieve(view(), draft)
    assert draft == CAST.designer.draft(view())
    assert plan == CAST.synthesizer.retrieve(view(), draft)
    stood_in = [(each.role, each.prompt) for each in told if each.model == HOUSE]
    assert stood_in[0] == ("designer", "draft")
    assert not list(memory.memory.iterdir())


def test_only_what_fails_is_stood_in_for():
    told: list[Exchange] = []
    replies = by_purpose({"You are the Storyboarder": said(MERGED), "You are the": status(400)})
    with standin(replies) as server:
        cast = llm_cast(settings_for(server), memory=NoMemory(), record=told.append, understudy=CAST)
        assert judged(cast).reason == "the same dog"
        cast.designer.draft(view())
    assert [(each.role, each.model, each.problem is None) for each in told] == [
        ("storyboarder", "local:stand-in", True),
        ("designer", "local:stand-in", False),
        ("designer", HOUSE, False),
    ]


def test_spent_budget_lets_the_house_go_on():
    told: list[Exchange] = []
    with standin(said(MERGED, tokens_in=2000)) as server:
        cast = llm_cast(
            settings_for(server), memory=NoMemory(), record=told.append, budget=Budget(tokens=2500), understudy=CAST
        )
        first, second = judged(cast), judged(cast)
    assert (first.reason, second) == ("the same dog", judged(CAST))
    assert told[-1].model == HOUSE
    assert "budget of this job is spent" in str(told[-1].problem)


class NoMemory:
    """Remembers nothing."""

    def recall(self, key: str, model: Callable[..., object], /) -> None:
        return None

    def remember(self, key: str, result: object, /) -> None:
        return None
