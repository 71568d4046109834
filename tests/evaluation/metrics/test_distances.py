"""The Fréchet and the kernel distance: closed forms, laws, and what happens where there is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.evaluation.metrics.distances import Gaussian, frechet, frechet_of, kernel_distance
from soundstage.evaluation.metrics.extrapolation import extrapolated
from soundstage.evaluation.metrics.kernels import KernelSums
from soundstage.evaluation.metrics.measure import NotDefined

SEEDS = st.integers(0, 2**32 - 1)
NILPOTENT = np.array([[0.0, 1.0], [0.0, 0.0]])


def _features(count: int, dimensions: int, seed: int = 0, kind: type = np.float64) -> np.ndarray:
    """Correlated features by a formula, so that recorded numbers hold for every version of numpy's generators."""
    index = np.arange(count * dimensions, dtype=np.float64).reshape(count, dimensions) + 7919 * seed
    waves = np.sin(1.7 * index) + 0.5 * np.sin(0.31 * index**1.1 + seed)
    return (waves + 0.3 * np.roll(waves, 1, axis=1)).astype(kind)


def test_two_gaussians_are_as_far_apart_as_the_closed_form_says() -> None:
    # Diagonal covariances: |m1 - m2|^2 + sum (s1 - s2)^2.
    first = Gaussian(np.array([1.0, 2.0, 0.0]), np.diag([4.0, 9.0, 1.0]))
    second = Gaussian(np.array([0.0, 2.0, 2.0]), np.diag([1.0, 1.0, 0.25]))
    assert frechet(first, second) == pytest.approx(5 + 1 + 4 + 0.25, rel=1e-12)


def test_samples_approach_the_distance_of_what_they_are_drawn_from() -> None:
    random = np.random.default_rng(1)
    first = random.standard_normal((100_000, 3)) * [2.0, 3.0, 1.0] + [1.0, 2.0, 0.0]
    second = random.standard_normal((100_000, 3)) * [1.0, 1.0, 0.5] + [0.0, 2.0, 2.0]
    assert frechet(Gaussian.of(first), Gaussian.of(second)) == pytest.approx(10.25, rel=0.01)


def test_recorded_agreement_with_av_benchmark() -> None:
    # Recorded from av_bench.metrics.compute_fd (050a5cd); benchmarks/parity/avbench.py compares many more.
    made, truth = _features(40, 12), 1.3 * _features(40, 12, seed=3) + 0.2
    assert frechet(Gaussian.of(made), Gaussian.of(truth)) == pytest.approx(4.540018747405263, rel=1e-9)
    made, truth = _features(9, 24), 1.3 * _features(9, 24, seed=3) + 0.2
    assert frechet(Gaussian.of(made), Gaussian.of(truth)) == pytest.approx(42.40052637884493, rel=1e-6)


@pytest.mark.parametrize("count", [9, 24, 60], ids=["fewer-than-dimensions", "as-many", "more"])
def test_singular_values_give_the_same_distance_as_the_root(count) -> None:
    made, truth = _features(count, 24), 1.3 * _features(count, 24, seed=3) + 0.2
    by_root = frechet(Gaussian.of(made), Gaussian.of(truth))
    assert frechet_of(made, truth) == pytest.approx(by_root, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, count=st.integers(2, 20), dimensions=st.integers(1, 12))
def test_the_distance_is_symmetric_and_not_negative_and_blind_to_order_and_turns(seed, count, dimensions) -> None:
    random = np.random.default_rng(seed)
    first, second = random.standard_normal((2, count, dimensions))
    turn = np.linalg.qr(random.standard_normal((dimensions, dimensions)))[0]
    distance = frechet_of(first, second)
    assert distance >= -1e-9
    assert frechet_of(second, first) == pytest.approx(distance, abs=1e-9)
    assert frechet_of(random.permutation(first), second) == pytest.approx(distance, abs=1e-9)
    assert frechet_of(first @ turn, second @ turn) == pytest.approx(distance, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, count=st.integers(2, 20), moved=st.floats(-3, 3))
def test_moving_a_set_costs_the_squared_way(seed, count, moved) -> None:
    features = np.random.default_rng(seed).standard_normal((count, 5))
    assert frechet_of(features + moved, features) == pytest.approx(5 * moved**2, abs=1e-8)


def test_a_product_without_a_root_gets_a_millionth_on_its_diagonals() -> None:
    zero = np.zeros(2)
    added = np.eye(2) * 1e-6
    root = np.sqrt(1e-6 * (1 + 1e-6))  # of each diagonal element of the product, which is triangular
    assert frechet(Gaussian(zero, NILPOTENT), Gaussian(zero, np.eye(2))) == pytest.approx(2 - 4 * root, rel=1e-6)
    assert frechet(Gaussian(zero, NILPOTENT + added), Gaussian(zero, np.eye(2) + added)) == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("value", [np.nan, np.inf], ids=["not-a-number", "infinite"])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_features_that_are_no_numbers_have_no_distance(value) -> None:
    broken = _features(10, 4)
    broken[2, 1] = value
    with pytest.raises(NotDefined, match="no finite numbers"):
        frechet(Gaussian.of(broken), Gaussian.of(_features(10, 4)))
    with pytest.raises(NotDefined, match="no finite numbers"):
        frechet_of(_features(10, 4), broken)


def test_a_root_that_is_not_real_is_no_distance() -> None:
    with pytest.raises(NotDefined, match="not real: 1 on"):
        frechet(Gaussian(np.zeros(2), np.diag([1.0, -1.0])), Gaussian(np.zeros(2), np.eye(2)))


@pytest.mark.parametrize("distance", [frechet_of, kernel_distance, lambda a, b: Gaussian.of(a)])
def test_one_feature_has_no_spread(distance) -> None:
    with pytest.raises(NotDefined, match="two items at least, not 1"):
        distance(_features(1, 4), _features(5, 4))


def test_unlike_dimensions_cannot_be_compared() -> None:
    with pytest.raises(NotDefined, match="of 4 and of 5 dimensions"):
        frechet_of(_features(6, 4), _features(6, 5))


def test_features_that_never_change_are_no_trouble() -> None:
    made, truth = _features(30, 8), _features(30, 8, seed=1)
    made[:, 2:5] = truth[:, 2:5] = 0.7
    kept = [0, 1, 5, 6, 7]
    assert frechet(Gaussian.of(made), Gaussian.of(truth)) == pytest.approx(
        frechet_of(made[:, kept], truth[:, kept]), rel=1e-5
    )


def test_the_kernel_distance_of_one_distribution_is_zero_on_average_even_of_few() -> None:
    random = np.random.default_rng(4)
    found = [kernel_distance(*random.standard_normal((2, 12, 6))) for _ in range(400)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))
    assert min(found) < 0 < max(found)


def test_the_kernel_distance_of_two_pairs_by_hand() -> None:
    # One dimension, kernel (xy + 1)^3: within {0, 1}: 1; within {1, 2}: 27; between: (1 + 1 + 8 + 27) / 4.
    made, truth = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    assert kernel_distance(made, truth) == pytest.approx(1 + 27 - 2 * (1 + 1 + 8 + 27) / 4)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, counts=st.lists(st.integers(1, 5), min_size=2, max_size=6))
def test_sums_by_film_give_the_kernel_distance_of_any_draw(seed, counts) -> None:
    random = np.random.default_rng(seed)
    made, truth = ([random.standard_normal((count, 4)) for count in counts] for _ in range(2))
    drawn = random.integers(0, len(counts), len(counts))
    wanted = kernel_distance(*(np.concatenate([part[n] for n in drawn]) for part in (made, truth)))
    assert KernelSums.of(made, truth).distance(drawn) == pytest.approx(wanted, abs=1e-9)


def test_extrapolation_takes_most_of_the_bias_of_few_films_away() -> None:
    random = np.random.default_rng(5)
    left = [extrapolated(*random.standard_normal((2, 200, 1, 8))) for _ in range(12)]
    assert np.mean([one.sample for one in left]) > 0.1
    assert abs(np.mean([one.value for one in left])) < 0.03
    assert all(one.straight for one in left)


def test_extrapolation_keeps_a_distance_that_is_there() -> None:
    random = np.random.default_rng(6)
    made, truth = random.standard_normal((2, 300, 1, 6))
    assert extrapolated(made + 1.0, truth).value == pytest.approx(6.0, rel=0.15)


def test_extrapolation_says_where_its_line_cannot_hold() -> None:
    made, truth = np.random.default_rng(7).standard_normal((2, 20, 1, 64))
    assert not extrapolated(made, truth).straight
    with pytest.raises(NotDefined, match="8 films at least, not 7"):
        extrapolated(made[:7], truth[:7])
