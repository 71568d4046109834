"""Measures of features by film: what they hold, and what they say where there is nothing to hold."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from soundstage.evaluation.metrics.bootstrap import Resampling
from soundstage.evaluation.metrics.distances import Gaussian, frechet
from soundstage.evaluation.metrics.measure import Measure, undefined
from soundstage.evaluation.metrics.measuring import desync, fd, fd_unbiased, inception, kd, kl, similarity
from soundstage.evaluation.metrics.windows import by_position, side_by_side, spans

QUICK = Resampling(times=40)
FILMS = [f"film-{number}" for number in range(12)]


def _films(seed: int, dimensions: int = 5, windows: int | None = None) -> dict[str, np.ndarray]:
    shape = (dimensions,) if windows is None else (windows, dimensions)
    random = np.random.default_rng(seed)
    return {film: random.standard_normal(shape) for film in FILMS}


def test_a_distance_is_taken_over_the_films_that_both_have() -> None:
    made, truth = _films(0), _films(1)
    del truth["film-3"], made["film-7"]
    shared = [film for film in FILMS if film not in ("film-3", "film-7")]
    found = fd("FD-VGG", made, truth, QUICK)
    sets = (Gaussian.of(np.stack([part[film] for film in shared])) for part in (made, truth))
    assert found.value == pytest.approx(frechet(*sets))
    assert found.count == 10
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_windows_of_a_film_are_pooled_for_distances() -> None:
    made, truth = _films(0, windows=6), _films(1, windows=6)
    assert fd("FD", made, truth, QUICK).value < fd("FD", _films(0), _films(1), QUICK).value


@pytest.mark.parametrize("distance", [fd, fd_unbiased, kd])
def test_distances_say_why_there_is_none(distance) -> None:
    found = distance("FD-PANN", {"a": np.ones(3)}, {"b": np.ones(3)})
    assert not found.defined
    assert "no film has features both" in found.note


def test_an_unbiased_distance_of_too_few_films_warns() -> None:
    assert "compare at equal counts only" in fd_unbiased("FD", _films(0, 40), _films(1, 40)).note


def test_paired_metrics_are_means_over_films_of_means_over_windows() -> None:
    made = {"a": np.array([[1.0, 0.0], [0.0, 1.0]]), "b": np.array([[1.0, 0.0]])}
    seen = {"a": np.array([[1.0, 0.0], [1.0, 0.0]]), "b": np.array([[1.0, 0.0]])}
    found = similarity("IB-score", seen, made)
    assert found.films == {"a": 0.5, "b": 1.0}
    assert found.value == pytest.approx(0.75)
    assert kl("KL", made, made).value == 0


def test_an_inception_score_states_how_high_it_could_be() -> None:
    assert inception("IS", _films(0), resampling=QUICK).note == "could reach 1.2 here"
    assert inception("IS, unsplit", _films(0), splits=1, resampling=QUICK).note == "could reach 5 here"


def test_desync_weighs_every_window_of_a_long_film() -> None:
    right, late = np.eye(21)[[10]], np.eye(21)[[15, 15, 15]]
    found = desync("DeSync", {"a": right, "b": late}, QUICK)
    assert found.value == pytest.approx(0.75)
    assert found.films == {"a": 0.0, "b": pytest.approx(1.0)}


@given(duration=st.floats(0.1, 4000), length=st.floats(0.5, 20))
def test_windows_cover_a_film_without_a_gap_and_never_leave_it(duration, length) -> None:
    found = spans(duration, length)
    assert found[0][0] == 0
    assert found[-1][1] == pytest.approx(duration)
    assert all(later[0] <= earlier[1] + 1e-9 for earlier, later in pairwise(found))


def test_films_of_other_lengths_are_not_paired_but_a_window_more_is_forgiven() -> None:
    made, truth = side_by_side(np.zeros((5, 2)), np.ones((6, 2)))
    assert len(made) == len(truth) == 5
    assert not kl("KL", {"a": np.zeros((5, 2))}, {"a": np.ones((9, 2))}).defined


def test_a_metric_can_be_followed_along_films_of_unlike_lengths() -> None:
    assert list(by_position([np.array([1.0, 3.0]), np.array([3.0])])) == [2.0, 3.0]


def test_the_worst_films_come_first_whichever_way_is_better() -> None:
    films = {"a": 1.0, "b": 3.0, "c": 2.0}
    assert Measure(name="FD", value=2.0, better="lower", films=films).worst(2) == ("b", "c")
    assert Measure(name="IB", value=2.0, better="higher", films=films).worst(2) == ("a", "c")
    assert Measure(name="loudness", value=2.0, films=films).worst(2) == ()


@pytest.mark.parametrize(
    "wrong",
    [{"value": None}, {"value": 1.0, "low": 1.0}, {"value": 1.0, "low": 2.0, "high": 1.0}, {"value": float("nan")}],
    ids=["no-reason", "half-an-interval", "backwards", "not-a-number"],
)
def test_a_measure_is_whole(wrong) -> None:
    with pytest.raises(ValidationError):
        Measure(name="FD", **wrong)


def test_a_measure_survives_being_written() -> None:
    for measure in (undefined("FD", "no weights", "lower"), Measure(name="FD", value=1.5, low=1.0, high=2.0, count=3)):
        assert Measure.model_validate_json(measure.model_dump_json()) == measure
