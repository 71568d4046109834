"""The seam metric: it hears each kind of step where there is one, and none where a sound only changes of itself."""

from itertools import pairwise

import numpy as np
import pytest

from soundstage.review.seams import seams

RATE = 8000
SECONDS = 90
JOINS = [6.0 * number for number in range(1, 15)]
TIME = np.arange(SECONDS * RATE) / RATE


def _noise(seed: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(len(TIME))


def _dull(sound: np.ndarray) -> np.ndarray:
    """Without its high half."""
    lines = np.fft.rfft(sound)
    lines[len(lines) // 2 :] = 0
    return np.sqrt(2) * np.fft.irfft(lines, len(sound))


def _parts(*sounds: np.ndarray) -> np.ndarray:
    """One sound up to the first join, the next one up to the second, and so on round again."""
    edges = [0, *(round(join * RATE) for join in JOINS), len(TIME)]
    return np.concatenate([sounds[k % len(sounds)][a:b] for k, (a, b) in enumerate(pairwise(edges))])


def _tone(turned: float = 0.0) -> np.ndarray:
    partials = [(220.0, 0.3), (563.1, 0.1)]
    return sum(level * np.sin(2 * np.pi * pitch * TIME + turned) for pitch, level in partials)


def _swelling(sound: np.ndarray) -> np.ndarray:
    return sound * (1 + 0.5 * np.sin(2 * np.pi * TIME / 1.7))


SEAMLESS = {
    "noise": _noise(0),
    "tone": _tone() + _noise(0) / 30,
    "swelling-tone": _swelling(_tone()) + _noise(1) / 30,
    "swelling-noise": _swelling(_noise(2)),
    "silence": np.zeros(len(TIME)),
    "two-noises-alike": _parts(_noise(3), _noise(4)),
}
JOINED = {
    "level": _parts(_noise(0), 1.3 * _noise(0)),
    "spectrum": _parts(_noise(0), _dull(_noise(0))),
    "phase": _parts(_tone(), _tone(2.0)) + _noise(0) / 30,
}


@pytest.mark.parametrize("name", SEAMLESS)
def test_nothing_is_heard_where_nothing_was_joined(name) -> None:
    assert seams(SEAMLESS[name], RATE, JOINS).heard == ()


@pytest.mark.parametrize("name", JOINED)
def test_a_step_is_heard_as_what_it_is(name) -> None:
    found = seams(JOINED[name], RATE, JOINS)

    assert name in found.heard
    assert getattr(found, name).rank > 0.8


def test_a_step_of_level_is_told_in_decibels() -> None:
    found = seams(_parts(_tone(), 2 * _tone()), RATE, JOINS)

    assert found.level.excess == pytest.approx(6.02, abs=0.1)


def test_one_join_is_too_few_to_be_sure() -> None:
    assert seams(JOINED["level"], RATE, JOINS[:1]).heard == ()


def test_a_sound_without_an_interior_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        seams(np.zeros(RATE), RATE, [0.5], scale=0.2)
