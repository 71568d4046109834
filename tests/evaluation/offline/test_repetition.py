"""Copies are found, and what is only of the same kind is not taken for one."""

import numpy as np
import pytest

from soundstage.evaluation.offline.repetition import repetition_ratio
from soundstage.sound import SAMPLE_RATE
from tests.evaluation.offline.tracks import heard, track, with_noise
from tests.review.sounds import Signal, noise, tone

SECONDS = 24.0
FRESH = {
    "noise": noise(SECONDS),
    "hits-alike": track(tuple(np.arange(0.5, 23, 0.9)), SECONDS),
    "tone": tone(SECONDS),
    "silence": np.zeros(round(SECONDS * SAMPLE_RATE)),
}


def _looped(sound: Signal, period: float) -> Signal:
    """Its beginning over and over, every second time 3 dB lower."""
    size = round(period * SAMPLE_RATE)
    times = -(-len(sound) // size)
    return np.concatenate([sound[:size] * 0.7 ** (time % 2) for time in range(times)])[: len(sound)]


def _ratio(sound: Signal) -> float:
    ratio = repetition_ratio(heard(sound).levels)
    assert ratio is not None
    return ratio


@pytest.mark.parametrize("kind", FRESH)
def test_a_sound_that_never_comes_again_is_no_repetition(kind) -> None:
    assert _ratio(FRESH[kind]) == 0


@pytest.mark.parametrize("period", [8.0, 8.005, 8.013], ids=["on-step", "between", "odd"])
@pytest.mark.parametrize("kind", ["noise", "hits-alike"])
def test_a_loop_is_a_copy_of_its_first_round(kind, period) -> None:
    assert _ratio(_looped(FRESH[kind], period)) == pytest.approx(2 / 3, abs=0.1)


def test_a_copy_is_found_under_noise() -> None:
    assert _ratio(with_noise(_looped(FRESH["noise"], 12.0), 10)) == pytest.approx(1 / 2, abs=0.1)


def test_what_is_too_short_to_repeat_has_no_ratio() -> None:
    assert repetition_ratio(heard(noise(3.0)).levels) is None
    assert repetition_ratio(heard(np.zeros(100)).levels) is None
