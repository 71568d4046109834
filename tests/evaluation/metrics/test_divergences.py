"""KL and the Inception Score: closed forms and recorded agreement."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.evaluation.metrics.divergences import divergences, inception
from soundstage.evaluation.metrics.measure import NotDefined
from tests.evaluation.metrics.test_distances import _features

SEEDS = st.integers(0, 2**32 - 1)


def _logits(seed: int, items: int = 12, classes: int = 7) -> np.ndarray:
    return 3 * np.random.default_rng(seed).standard_normal((items, classes))


def test_kl_of_identical_logits_is_zero() -> None:
    assert np.abs(divergences(_logits(0), _logits(0))).max() == 0


def test_kl_of_two_classes_is_what_the_formula_says() -> None:
    made, truth = np.log([[0.5, 0.5]]), np.log([[0.9, 0.1]])
    assert divergences(made, truth)[0] == pytest.approx(0.9 * np.log(1.8) + 0.1 * np.log(0.2))


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, added=st.floats(-50, 50))
def test_kl_is_not_negative_and_does_not_see_what_is_added_to_all_logits(seed, added) -> None:
    made, truth = _logits(seed), _logits(seed + 1)
    each = divergences(made, truth)
    assert each.min() >= -1e-12
    assert divergences(made + added, truth) == pytest.approx(each, abs=1e-9)


def test_recorded_agreement_with_av_benchmark() -> None:
    # Recorded from av_bench.metrics.compute_kl and compute_isc (050a5cd).
    made, truth = (3 * _features(25, 16, seed=seed) for seed in (5, 6))
    assert divergences(made, truth).mean() == pytest.approx(5.516076284970199, rel=1e-9)
    score = inception(made)
    assert score.mean == pytest.approx(1.9468496404801066, rel=1e-9)
    assert score.spread == pytest.approx(0.3610665140555588, rel=1e-9)
    assert inception(made, splits=1).mean == pytest.approx(3.3811315206440966, rel=1e-9)


def test_kl_needs_pairs() -> None:
    with pytest.raises(NotDefined, match="as many logits"):
        divergences(_logits(0), _logits(0, items=11))


@pytest.mark.parametrize("splits", [1, 10])
def test_the_inception_score_of_classes_all_alike_is_one(splits) -> None:
    assert inception(np.zeros((20, 7)), splits).mean == pytest.approx(1.0)


def test_the_inception_score_of_one_class_each_is_the_number_of_classes() -> None:
    score = inception(1000.0 * np.eye(7).repeat(3, axis=0), splits=1)
    assert score.mean == pytest.approx(7.0)
    assert score.ceiling == 7


def test_in_ten_splits_twenty_films_cannot_score_above_two() -> None:
    score = inception(1000.0 * np.eye(20), splits=10)
    assert score.mean == pytest.approx(2.0)
    assert score.ceiling == 2


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, items=st.integers(10, 40))
def test_the_inception_score_lies_between_one_and_its_ceiling_and_unsplit_is_blind_to_order(seed, items) -> None:
    logits = _logits(seed, items)
    for splits in (1, 10):
        score = inception(logits, splits)
        assert 1 - 1e-9 <= score.mean <= score.ceiling + 1e-9
    shuffled = np.random.default_rng(seed).permutation(logits)
    assert inception(shuffled, splits=1).mean == pytest.approx(inception(logits, splits=1).mean, rel=1e-9)


def test_fewer_films_than_splits_have_no_inception_score() -> None:
    with pytest.raises(NotDefined, match="needs 10 items at least, not 9"):
        inception(_logits(0, items=9))
