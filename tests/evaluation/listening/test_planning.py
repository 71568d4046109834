"""What a listening test asks: blinded by the seed, fair to all, and where things happen."""

import pytest

from soundstage.errors import BadBench
from soundstage.evaluation.bench.entries import Bench, Entry, Event
from soundstage.evaluation.listening.documents import ANCHOR, REFERENCE, Key
from soundstage.evaluation.listening.planning import Plan, plan_test
from soundstage.evaluation.systems.results import Result, Results

_IDS = tuple(f"film{n}" for n in range(12))


def _bench(*events: float) -> Bench:
    known = tuple(Event(time=time) for time in events)
    return Bench(name="b", entries=tuple(Entry(id=id, film=f"{id}.mp4", events=known) for id in _IDS))


def _made(name: str, ids: tuple[str, ...] = _IDS) -> Results:
    return Results(system=name, results=tuple(Result(entry=id, sound=f"{id}.flac") for id in ids))


def _plan(plan: Plan, *systems: Results, bench: Bench | None = None, seconds: float = 20.0) -> Key:
    return plan_test(bench or _bench(), systems or (_made("x"), _made("y")), dict.fromkeys(_IDS, seconds), plan)


def test_every_trial_holds_every_system_the_reference_and_the_anchor():
    for trial in _plan(Plan()).trials:
        assert sorted(trial.systems.values()) == sorted([REFERENCE, ANCHOR, "x", "y"])
        assert list(trial.systems) == ["A", "B", "C", "D"]


def test_the_anchor_can_be_left_out():
    assert all(ANCHOR not in trial.systems.values() for trial in _plan(Plan(anchor=False)).trials)


def test_letters_are_shuffled_anew_for_each_film():
    assert len({tuple(trial.systems.values()) for trial in _plan(Plan()).trials}) > 1


def test_the_same_seed_gives_the_same_test_and_another_another():
    assert _plan(Plan(seed=3)) == _plan(Plan(seed=3))
    assert _plan(Plan(seed=3)).test != _plan(Plan(seed=4)).test


def test_at_most_so_many_films_are_asked_for():
    trials = _plan(Plan(most=5)).trials
    assert len({trial.film for trial in trials}) == 5


def test_a_film_that_a_system_lacks_is_not_asked_for():
    trials = _plan(Plan(), _made("x"), _made("y", _IDS[:2])).trials
    assert {trial.film for trial in trials} == set(_IDS[:2])


def test_no_common_film_is_refused():
    with pytest.raises(BadBench, match="every system"):
        _plan(Plan(), _made("x", _IDS[:1]), _made("y", _IDS[1:2]))


@pytest.mark.parametrize(
    ("events", "start"),
    [((), 5.0), ((1.0, 2.0, 14.0), 0.0), ((1.0, 13.0, 14.0), 4.5)],
    ids=["middle", "first", "later"],
)
def test_an_excerpt_lies_where_most_is_known_to_happen(events: tuple[float, ...], start: float):
    trial = _plan(Plan(seconds=10.0), bench=_bench(*events)).trials[0]
    assert (trial.start, trial.seconds) == (start, 10.0)


def test_a_short_film_is_shown_whole():
    trial = _plan(Plan(seconds=60.0)).trials[0]
    assert (trial.start, trial.seconds) == (0.0, 20.0)
