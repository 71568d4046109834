"""Intervals hold what they say they hold, and comparisons are drawn in pairs."""

import numpy as np
import pytest

from soundstage.evaluation.metrics.bootstrap import Resampling, interval_of, interval_of_mean
from soundstage.evaluation.metrics.comparing import by_category, difference, difference_of, mean_measure
from soundstage.evaluation.metrics.distances import frechet_of
from soundstage.evaluation.metrics.measure import Measure, NotDefined
from soundstage.evaluation.metrics.measuring import frechet_among

QUICK = Resampling(times=300)


def _named(values: np.ndarray) -> dict[str, float]:
    return {f"film-{number}": float(value) for number, value in enumerate(values)}


def test_intervals_hold_the_true_mean_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    found = [interval_of_mean(random.exponential(2.0, 60), QUICK) for _ in range(120)]
    assert 0.88 <= np.mean([interval.holds(2.0) for interval in found if interval]) <= 0.99


def test_the_same_films_give_the_same_interval() -> None:
    values = np.random.default_rng(1).standard_normal(20)
    assert interval_of_mean(values, QUICK) == interval_of_mean(values, QUICK)
    assert interval_of_mean(values, QUICK) != interval_of_mean(values, Resampling(times=300, seed=1))


def test_two_films_tell_nothing_of_others() -> None:
    assert interval_of_mean([1.0, 2.0], QUICK) is None


def test_a_distance_lies_in_its_interval_although_drawing_films_twice_makes_sets_poorer() -> None:
    made, truth = np.random.default_rng(2).standard_normal((2, 30, 1, 8))
    value = frechet_of(made[:, 0], truth[:, 0])
    statistic = frechet_among(list(made), list(truth))
    plain = interval_of(statistic, 30, QUICK)
    assert plain is not None
    assert not plain.holds(value)
    moved = interval_of(statistic, 30, QUICK, around=value)
    assert moved is not None
    assert moved.holds(value)


def test_draws_without_a_value_are_left_out_and_too_many_of_them_leave_no_interval() -> None:
    def picky(drawn: np.ndarray) -> float:
        if len(set(drawn)) < 4:
            raise NotDefined("too few")
        return float(drawn.mean())

    assert interval_of(picky, 6, QUICK) is not None
    assert interval_of(picky, 3, QUICK) is None


def test_a_small_difference_between_systems_is_sure_where_films_differ_more_than_systems() -> None:
    random = np.random.default_rng(3)
    films = 10 * random.standard_normal(40)
    first, second = (mean_measure("KL", _named(films + better), "lower") for better in (0.0, 0.5))
    assert first.low is not None
    assert second.value is not None
    assert first.low < second.value
    found = difference(first, second, QUICK)
    assert found.value == pytest.approx(-0.5)
    assert (found.sure, found.favours_first, found.wins) == (True, True, 1.0)


def test_a_system_beside_itself_is_neither_better_nor_worse() -> None:
    same = mean_measure("KL", _named(np.arange(5.0)), "higher")
    found = difference(same, same, QUICK)
    assert (found.sure, found.favours_first, found.wins) == (False, None, 0.5)


def test_systems_without_a_film_in_common_are_not_compared() -> None:
    first, second = (mean_measure("KL", {film: 1.0}, "lower") for film in "ab")
    with pytest.raises(NotDefined, match="share no film with a value of KL"):
        difference(first, second)


def test_distances_of_two_systems_are_compared_on_the_same_films() -> None:
    truth, near = np.random.default_rng(4).standard_normal((2, 30, 2, 4))
    far = near + 0.8
    like = Measure(name="FD", value=0.0, better="lower")
    statistics = (frechet_among(list(made), list(truth)) for made in (near, far))
    found = difference_of(like, *statistics, films=30, resampling=QUICK)
    assert found.value < 0
    assert found.favours_first


def test_categories_share_films_and_leave_out_those_without() -> None:
    measure = mean_measure("KL", {"a": 1.0, "b": 2.0, "c": 6.0}, "lower", "nat")
    found = by_category(measure, {"a": ("war",), "b": ("war", "rain"), "c": ()})
    assert {name: (part.value, part.count) for name, part in found.items()} == {"rain": (2.0, 1), "war": (1.5, 2)}
    assert found["rain"].unit == "nat"
