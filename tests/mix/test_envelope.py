import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.mix.envelope import Envelope, edge_fade, fade_frames, joined


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(5, 6), (1, 2)], [(1, 2), (5, 6)], id="in order"),
        pytest.param([(1, 2), (2.4, 3)], [(1, 3)], id="near"),
        pytest.param([(1, 5), (2, 3)], [(1, 5)], id="one inside another"),
        pytest.param([(2, 2), (3, 1)], [], id="empty"),
    ],
)
def test_near_stretches_are_joined(stretches: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    assert joined(stretches, gap=0.5) == expected


def test_the_curve_is_open_when_the_stretch_begins_and_until_it_ends() -> None:
    curve = np.broadcast_to(Envelope.over([(1, 2)], attack=0.1, release=0.5).at(0, 150_000), 150_000)
    assert curve[:43_200].max() == 0
    assert curve[48_000:96_001].min() == 1
    assert curve[120_000:].max() == 0
    assert np.abs(np.diff(curve)).max() < 0.001


_seconds = st.floats(0, 3)


@given(
    stretches=st.lists(st.tuples(_seconds, _seconds), max_size=4),
    cuts=st.lists(st.integers(1, 149_999), max_size=5),
)
def test_the_curve_is_the_same_in_any_blocks(stretches: list[tuple[float, float]], cuts: list[int]) -> None:
    envelope = Envelope.over(stretches, attack=0.15, release=0.4)
    borders = [0, *sorted(set(cuts)), 150_000]
    parts = [np.broadcast_to(envelope.at(a, b - a), b - a) for a, b in itertools.pairwise(borders)]
    whole = np.broadcast_to(envelope.at(0, 150_000), 150_000)
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)


def test_two_sounds_that_fade_over_the_same_frames_keep_their_power() -> None:
    out = edge_fade(1000, 480, length=1480, fade_in=0, fade_out=480)
    into = edge_fade(0, 480, length=5000, fade_in=480, fade_out=0)
    np.testing.assert_allclose(np.square(out) + np.square(into), 1, atol=1e-6)


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_fades_always_fit(length: int, fade_in: float, fade_out: float) -> None:
    rise, fall = fade_frames(length, fade_in, fade_out, shortest_in=0.005, shortest_out=0.005)
    assert rise >= 0
    assert fall >= 0
    assert rise + fall <= max(length, 0)
