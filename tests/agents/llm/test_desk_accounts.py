from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from pydantic_ai.messages import BinaryContent

from soundstage.agents import prompts
from soundstage.agents.llm import desk as desks
from soundstage.agents.llm.desk import Question
from soundstage.agents.llm.pictures import Shown
from soundstage.agents.record import Amount, Budget
from soundstage.errors import BadAnswer, BadOption, BudgetSpent, ModelRefused
from tests.agents.llm.desks import GOOD, TOO_LOUD, Sound, ask_in_threads, desk_before, desk_for, sound, wait_until
from tests.agents.llm.standin import in_turn, said, silence, standin, status

# Tokens set aside for `sound()` lie between.
GUESSED = len(prompts.prompt("designer_draft").text) // 4 + 400
PROMISED = GUESSED + 20
PRICES: list[dict[str, float]] = [{}, {"input_price": 1.0, "output_price": 1.0}]


def budget_of(most: int, prices: dict[str, float]) -> Budget:
    """A budget in tokens, or the same in dollars where prices are set."""
    return Budget(dollars=most / 1e6) if prices else Budget(tokens=most)


# What is remembered.


def test_same_question_is_asked_once():
    with desk_before(said(GOOD)) as opened:
        assert opened.desk.ask(sound()) == opened.desk.ask(sound())
    assert len(opened.server.requests) == len(opened.exchanges) == 1


def test_the_same_model_at_another_address_is_not_asked_again():
    with desk_before(said(GOOD)) as opened, standin(said(GOOD)) as elsewhere:
        opened.desk.ask(sound())
        desk_for(elsewhere, memory=opened.memory).desk.ask(sound())
    assert not elsewhere.requests


class OtherSound(Sound):
    reason: str = ""


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        pytest.param(sound("a beach"), {}, id="material"),
        pytest.param(sound(prompt="designer_review"), {}, id="prompt"),
        pytest.param(sound(answer=OtherSound), {}, id="structure"),
        pytest.param(sound(), {"model": "local:other"}, id="model"),
        pytest.param(sound(), {"temperature": 0.5}, id="temperature"),
        pytest.param(sound(), {"output": "prompted"}, id="output"),
        pytest.param(
            sound(pictures=[Shown("Picture:", BinaryContent(b"1", media_type="image/jpeg"))]), {}, id="picture"
        ),
    ],
)
def test_another_question_is_asked(question: Question[Any], changes: dict[str, Any]):
    with desk_before(said(GOOD)) as opened:
        opened.desk.ask(sound())
        desk_for(opened.server, memory=opened.memory, **changes).desk.ask(question)
    assert len(opened.server.requests) == 2


@pytest.mark.parametrize("changed", ["told", "content"])
def test_another_picture_is_another_question(changed: str):
    shown = Shown("Picture at 1 s:", BinaryContent(b"1", media_type="image/jpeg"))
    other = {"told": "Picture at 2 s:", "content": BinaryContent(b"2", media_type="image/jpeg")}
    with desk_before(said(GOOD)) as opened:
        opened.desk.ask(sound(pictures=[shown]))
        opened.desk.ask(sound(pictures=[replace(shown, **{changed: other[changed]})]))
    assert len(opened.server.requests) == 2


def test_another_version_of_a_prompt_asks_again(monkeypatch: pytest.MonkeyPatch):
    with desk_before(said(GOOD)) as opened:
        opened.desk.ask(sound())
        newer = replace(prompts.prompt("designer_draft"), version="99.1")
        monkeypatch.setattr(desks, "prompt", lambda name: newer)
        opened.desk.ask(sound())
    assert [exchange.prompt for exchange in opened.exchanges][1] == "designer_draft@99.1"


def test_failure_is_not_remembered():
    with desk_before(in_turn(status(400), said(GOOD))) as opened:
        with pytest.raises(ModelRefused):
            opened.desk.ask(sound())
        assert opened.desk.ask(sound()).label == "rain"


# What is recorded.


def test_exchange_tells_all_of_it():
    prices = {"input_price": 2.0, "output_price": 10.0}
    with desk_before(in_turn(said(TOO_LOUD), said(GOOD, tokens_in=300, tokens_out=40)), **prices) as opened:
        opened.desk.ask(sound())
    (exchange,) = opened.exchanges
    assert (exchange.role, exchange.model) == ("designer", "local:stand-in")
    assert exchange.prompt == str(prompts.prompt("designer_draft"))
    assert exchange.answer == '{"label":"rain","level":-20.0}'
    assert (exchange.tokens_in, exchange.tokens_out, exchange.requests) == (400, 60, 2)
    assert exchange.cost == pytest.approx((400 * 2 + 60 * 10) / 1e6)
    assert exchange.seconds > 0
    assert exchange.problem is None


def test_failed_question_is_recorded_with_its_cost():
    prices = {"input_price": 1.0, "output_price": 1.0}
    with desk_before(said(TOO_LOUD), **prices) as opened, pytest.raises(BadAnswer) as raised:
        opened.desk.ask(sound())
    (exchange,) = opened.exchanges
    assert (exchange.tokens_in, exchange.tokens_out, exchange.requests) == (200, 40, 2)
    assert exchange.cost == pytest.approx(240 / 1e6)
    assert exchange.problem == str(raised.value)
    assert exchange.answer == ""


@pytest.mark.parametrize(
    ("model", "known"),
    [pytest.param("openai:gpt-4o", True, id="known"), pytest.param("local:gpt-4o", False, id="unknown")],
)
def test_cost_of_a_model_whose_price_is_known(model: str, known: bool):
    with desk_before(said(GOOD), model=model) as opened:
        opened.desk.ask(sound())
    assert (opened.exchanges[0].cost is not None) is known


def test_question_that_is_refused_is_recorded_too():
    with desk_before(status(401)) as opened, pytest.raises(ModelRefused):
        opened.desk.ask(sound())
    (exchange,) = opened.exchanges
    assert (exchange.requests, exchange.tokens_in) == (0, 0)
    assert exchange.problem is not None
    assert "refuses the key" in exchange.problem


# The budget.


def test_budget_in_tokens():
    with desk_before(said(GOOD, tokens_in=1000, tokens_out=0), Budget(tokens=2500)) as opened:
        for number in range(2):
            opened.desk.ask(sound(f"{number}"))
        with pytest.raises(
            BudgetSpent,
            match=r"is spent \(2000 of 2500 tokens; the next question may need more\); raise it, or let the house",
        ):
            opened.desk.ask(sound("another"))
    assert len(opened.server.requests) == 2


def test_budget_in_dollars():
    prices = {"input_price": 1000.0, "output_price": 0.0}  # a dollar for a thousand tokens
    with desk_before(said(GOOD, tokens_in=1000), Budget(dollars=2.3), **prices) as opened:
        for number in range(2):
            opened.desk.ask(sound(f"{number}"))
        with pytest.raises(BudgetSpent, match=r"2\.00 of 2\.30 dollars"):
            opened.desk.ask(sound("another"))
    assert len(opened.server.requests) == 2


@pytest.mark.parametrize(
    "budget",
    [
        pytest.param(Budget(tokens=5000, spent=Amount(4900)), id="tokens"),
        pytest.param(Budget(dollars=1.0, spent=Amount(dollars=0.999)), id="dollars"),
    ],
)
def test_what_was_spent_before_counts(budget: Budget):
    with desk_before(said(GOOD), budget, input_price=10.0, output_price=10.0) as opened, pytest.raises(BudgetSpent):
        opened.desk.ask(sound())
    assert not opened.server.requests
    assert not opened.exchanges


def test_failed_questions_are_paid_from_the_budget():
    with desk_before(said(TOO_LOUD, tokens_in=2000), Budget(tokens=4500)) as opened:
        with pytest.raises(BadAnswer):
            opened.desk.ask(sound("one"))
        with pytest.raises(BudgetSpent):
            opened.desk.ask(sound("two"))


def test_remembered_answers_cost_nothing():
    with desk_before(said(GOOD, tokens_in=2000), Budget(tokens=2100)) as opened:
        opened.desk.ask(sound())
        assert opened.desk.ask(sound()).label == "rain"


@pytest.mark.parametrize("prices", PRICES, ids=["tokens", "dollars"])
@pytest.mark.parametrize("cost", [200, PROMISED, 2 * PROMISED], ids=["cheap", "as guessed", "dear"])
def test_questions_asked_at_once_end_within_the_budget(prices: dict[str, float], cost: int):
    most = 4 * PROMISED
    reply = said(GOOD, tokens_in=cost - 100, tokens_out=100, after=0.01)
    with desk_before(reply, budget_of(most, prices), concurrency=16, **prices) as opened:
        answers = ask_in_threads(opened, [sound(f"{number}") for number in range(40)])
    spent = sum(exchange.tokens_in + exchange.tokens_out for exchange in opened.exchanges)
    assert {type(answer) for answer in answers} == {Sound, BudgetSpent}
    assert most - PROMISED <= spent <= most + max(0, cost - GUESSED)


@pytest.mark.parametrize("prices", PRICES, ids=["tokens", "dollars"])
def test_questions_asked_at_once_that_a_small_budget_holds_are_all_answered(prices: dict[str, float]):
    reply = said(GOOD, tokens_in=100, tokens_out=100, after=0.01)
    with desk_before(reply, budget_of(39 * 200 + PROMISED, prices), concurrency=16, **prices) as opened:
        answers = ask_in_threads(opened, [sound(f"{number}") for number in range(40)])
    assert [type(answer) for answer in answers] == [Sound] * 40


def test_what_is_left_does_not_wait_for_others():
    with desk_before(silence(), Budget(tokens=PROMISED), timeout=600) as opened, ThreadPoolExecutor(2) as pool:
        first = pool.submit(opened.desk.ask, sound("one"))
        wait_until(lambda: bool(opened.server.requests))
        second = pool.submit(opened.desk.ask, sound("two"))
        opened.desk.leave()
        for asked in (first, second):
            with pytest.raises(CancelledError):
                asked.result(timeout=60)
    assert len(opened.server.requests) == 1


def test_one_that_fails_leaves_those_that_wait_for_room_beside_it():
    two = Budget(tokens=8 * PROMISED)
    with desk_before(in_turn(silence(), status(400)), two, timeout=600) as opened, pytest.raises(ModelRefused):
        opened.desk.ask_all([sound(f"{number}") for number in range(7)])


def test_dollars_need_a_price():
    with standin(said(GOOD)) as server, pytest.raises(BadOption) as raised:
        desk_for(server, Budget(dollars=1.0))
    assert "What the storyboarder's model local:stand-in costs is not known" in str(raised.value)
    assert "set input_price and output_price, or give a budget in tokens" in str(raised.value)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"input_price": 0.0, "output_price": 0.0}, id="price set"),
        pytest.param({"model": "openai:gpt-4o"}, id="price known"),
    ],
)
def test_dollars_with_a_price(changes: dict[str, Any]):
    with desk_before(said(GOOD), Budget(dollars=1.0), **changes) as opened:
        assert opened.desk.ask(sound()).label == "rain"
