import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from soundstage.agents.record import Budget, Exchange, Promise, Spent


def cost(tokens: int, dollars: float | None = None) -> Exchange:
    return Exchange(role="designer", prompt="designer_draft@1.1", model="a:b", tokens_in=tokens, cost=dollars)


@pytest.mark.parametrize(
    ("budget", "asked", "holds"),
    [
        pytest.param(Budget(), Promise(10**9, 1e9), True, id="no limit"),
        pytest.param(Budget(tokens=100), Promise(100), True, id="all of it"),
        pytest.param(Budget(tokens=100), Promise(101), False, id="too many tokens"),
        pytest.param(Budget(tokens=100, spent_tokens=50), Promise(51), False, id="tokens spent before"),
        pytest.param(Budget(dollars=1.0), Promise(9, 1.0), True, id="all the money"),
        pytest.param(Budget(dollars=1.0), Promise(9, 1.01), False, id="too dear"),
        pytest.param(Budget(dollars=1.0, spent_dollars=0.6), Promise(9, 0.5), False, id="dollars spent before"),
        pytest.param(Budget(dollars=0.0), Promise(9), True, id="free"),
        pytest.param(Budget(tokens=0), Promise(1), False, id="nothing"),
    ],
)
def test_promise(budget: Budget, asked: Promise, holds: bool):
    assert Spent(budget).promise(asked) is holds


def test_what_is_promised_is_set_aside():
    spent = Spent(Budget(tokens=100))
    assert spent.promise(Promise(60))
    assert not spent.promise(Promise(60))
    spent.settle(Promise(60), cost(10))
    assert spent.promise(Promise(60))
    assert spent.tokens == 10


def test_unknown_cost_counts_as_none():
    spent = Spent(Budget(spent_dollars=0.5))
    spent.settle(Promise(0), cost(10, None))
    spent.settle(Promise(0), cost(10, 0.25))
    assert spent.dollars == 0.75


@given(st.integers(0, 1000), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.booleans())))
def test_never_more_is_promised_than_there_is(limit: int, questions: list[tuple[int, int, bool]]):
    spent, open_promises, over = Spent(Budget(tokens=limit)), list[tuple[int, int]](), 0
    for promised, used, settles in questions:
        if spent.promise(Promise(promised)):
            open_promises.append((promised, used))
        if settles and open_promises:
            asked, cost_of_it = open_promises.pop(0)
            spent.settle(Promise(asked), cost(cost_of_it))
            over += max(0, cost_of_it - asked)
        assert spent.tokens + sum(promise for promise, _ in open_promises) <= limit + over


def test_exchange_is_written_and_read():
    exchange = cost(3, 0.1)
    assert Exchange.model_validate_json(exchange.model_dump_json()) == exchange
    with pytest.raises(ValidationError):
        Exchange.model_validate({**exchange.model_dump(), "key": "sk-1"})
