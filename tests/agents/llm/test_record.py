import contextlib
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from soundstage.agents.record import Amount, Budget, Exchange, Spent


def cost(tokens: int, dollars: float | None = None) -> Exchange:
    return Exchange(role="designer", prompt="designer_draft@1.1", model="a:b", tokens_in=tokens, cost=dollars)


@pytest.mark.parametrize(
    ("budget", "asked", "holds"),
    [
        pytest.param(Budget(), Amount(10**9, 1e9), True, id="no limit"),
        pytest.param(Budget(tokens=100), Amount(100), True, id="all of it"),
        pytest.param(Budget(tokens=100), Amount(101), False, id="too many tokens"),
        pytest.param(Budget(tokens=100, spent=Amount(50)), Amount(51), False, id="tokens spent before"),
        pytest.param(Budget(dollars=1.0), Amount(9, 1.0), True, id="all the money"),
        pytest.param(Budget(dollars=1.0), Amount(9, 1.01), False, id="too dear"),
        pytest.param(Budget(dollars=1.0, spent=Amount(dollars=0.6)), Amount(9, 0.5), False, id="dollars spent before"),
        pytest.param(Budget(dollars=0.0), Amount(9), True, id="free"),
        pytest.param(Budget(tokens=0), Amount(1), False, id="nothing"),
    ],
)
def test_room_for_one(budget: Budget, asked: Amount, holds: bool):
    assert Spent(budget).set_aside(asked) is holds


def test_what_others_spend_meanwhile_counts():
    elsewhere = Amount()
    spent = Spent(Budget(tokens=100, elsewhere=lambda: elsewhere))
    assert spent.set_aside(Amount(60))
    spent.settle(Amount(60), cost(10))
    elsewhere = Amount(31)
    assert not spent.set_aside(Amount(60))
    assert spent.amount == Amount(41)


@pytest.mark.parametrize("used", [10, 60], ids=["cheap", "as guessed"])
def test_what_finds_no_room_beside_another_waits_for_it(used: int):
    spent = Spent(Budget(tokens=100))
    assert spent.set_aside(Amount(60))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(spent.set_aside, Amount(60))
        with pytest.raises(TimeoutError):
            second.result(timeout=0.05)
        spent.settle(Amount(60), cost(used))
        assert second.result(timeout=60) is (used == 10)


def test_what_the_budget_cannot_hold_is_refused_beside_others_too():
    spent = Spent(Budget(tokens=100, spent=Amount(50)))
    assert spent.set_aside(Amount(10))
    assert not spent.set_aside(Amount(60))


def test_what_is_left_waits_no_more():
    spent, left = Spent(Budget(tokens=100)), False
    assert spent.set_aside(Amount(60))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(spent.set_aside, Amount(60), lambda: left)
        left = True
        spent.wake()
        assert second.result(timeout=60) is False


@pytest.mark.parametrize(
    ("cost_of_first", "room"),
    [pytest.param(100, True, id="as guessed"), pytest.param(900, False, id="dearer than guessed")],
)
def test_a_question_that_was_dear_makes_room_dearer(cost_of_first: int, room: bool):
    spent = Spent(Budget(tokens=2000))
    assert spent.set_aside(Amount(100))
    spent.settle(Amount(100), cost(cost_of_first))
    assert spent.set_aside(Amount(100))
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(spent.set_aside, Amount(100))
        spent_now = not room and _waits(beside)
        spent.settle(Amount(100), cost(100))
        assert beside.result(timeout=60)
    assert spent_now is not room


def _waits(asked: Future[bool]) -> bool:
    with contextlib.suppress(TimeoutError):
        return asked.result(timeout=0.05) is None
    return True


def test_unknown_cost_counts_as_none():
    spent = Spent(Budget(spent=Amount(dollars=0.5)))
    for dollars in (None, 0.25):
        assert spent.set_aside(Amount())
        spent.settle(Amount(), cost(10, dollars))
    assert spent.amount == Amount(20, 0.75)


@given(st.integers(0, 5000), st.lists(st.integers(0, 300)))
def test_questions_that_cost_at_most_thrice_their_guess_exceed_no_budget_but_the_last(limit: int, costs: list[int]):
    spent, dearest = Spent(Budget(tokens=limit)), max(0, *costs, 0) - 100

    def ask(used: int) -> None:
        if spent.set_aside(Amount(100)):
            spent.settle(Amount(100), cost(used))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, costs))
    assert spent.amount.tokens <= limit + max(0, dearest)


def test_exchange_is_written_and_read():
    exchange = cost(3, 0.1)
    assert Exchange.model_validate_json(exchange.model_dump_json()) == exchange
    with pytest.raises(ValidationError):
        Exchange.model_validate({**exchange.model_dump(), "key": "sk-1"})
