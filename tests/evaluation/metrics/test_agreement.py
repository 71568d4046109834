"""Cosines and DeSync."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.evaluation.metrics.agreement import along, cosines, desync, ends, offsets
from soundstage.evaluation.metrics.measure import NotDefined


def _logits(*classes: int) -> np.ndarray:
    return np.eye(21)[list(classes)] * 4.0


def test_cosines_of_alike_opposed_and_square_pairs() -> None:
    first = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    second = np.array([[6.0, 8.0], [-2.0, 0.0], [5.0, 0.0], [1.0, 1.0]])
    assert cosines(first, second) == pytest.approx([1, -1, 0, 0])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 100))
def test_cosines_are_symmetric_and_blind_to_length(seed, scale) -> None:
    first, second = np.random.default_rng(seed).standard_normal((2, 5, 8))
    assert cosines(scale * second, first) == pytest.approx(cosines(first, second))


def test_embeddings_come_in_pairs() -> None:
    with pytest.raises(NotDefined, match="in pairs"):
        cosines(np.ones((3, 4)), np.ones((2, 4)))


def test_the_classes_stand_for_fifths_of_a_second_around_zero() -> None:
    assert offsets(_logits(0, 10, 11, 20)) == pytest.approx([-2.0, 0.0, 0.2, 2.0])


def test_desync_is_the_mean_over_all_windows_whichever_way_they_are_off() -> None:
    assert desync([_logits(10, 9), _logits(15, 5)]) == pytest.approx((0 + 0.2 + 1.0 + 1.0) / 4)


def test_without_windows_there_is_no_desync() -> None:
    with pytest.raises(NotDefined, match="no film has a window"):
        desync([])


def test_av_benchmark_looks_at_both_ends_only() -> None:
    assert ends(187) == (slice(0, 14), slice(173, 187))
    assert ends(20) == (slice(0, 14), slice(6, 20))


@given(segments=st.integers(1, 400))
def test_windows_along_a_film_leave_no_segment_out(segments) -> None:
    covered = {n for window in along(segments) for n in range(window.start, window.stop)}
    assert covered == set(range(segments))
    assert all(window.stop - window.start == min(14, segments) for window in along(segments))
