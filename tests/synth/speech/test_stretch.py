import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.speech.stretch import faster


def voiced(seconds: float, pitch: float = 140.0) -> np.ndarray:
    """A sound like a sung vowel: harmonics that fall off."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return sum(np.sin(2 * np.pi * pitch * n * time) / n for n in range(1, 12)).astype(np.float32) * 0.2


def pitch_of(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(spectrum.argmax() * SAMPLE_RATE / len(sound))


@given(seconds=st.floats(0.0, 1.5), ratio=st.floats(1.0, 1.25))
@settings(max_examples=40, deadline=None)
def test_lasts_exactly_as_long_as_asked(seconds: float, ratio: float):
    sound = voiced(seconds)
    assert len(faster(sound, ratio)) == round(len(sound) / ratio)


@pytest.mark.parametrize("pitch", [90.0, 140.0, 260.0])
@pytest.mark.parametrize("ratio", [1.05, 1.25])
def test_keeps_its_pitch(pitch: float, ratio: float):
    assert pitch_of(faster(voiced(2.0, pitch), ratio)) == pytest.approx(pitch, rel=0.01)


def test_a_steady_tone_has_no_steps_or_holes():
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    quick = faster(tone, 1.2)
    assert np.abs(np.diff(quick)).max() < 1.05 * np.abs(np.diff(tone)).max()
    level = np.sqrt(np.mean(quick[: len(quick) // 480 * 480].reshape(-1, 480) ** 2, axis=1))
    assert level.min() > 0.9 * level.max()


def test_same_pace_is_the_same_sound():
    sound = voiced(0.5)
    assert np.array_equal(faster(sound, 1.0), sound)
