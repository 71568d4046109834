import re
import subprocess
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from soundstage.ffmpeg import executable
from soundstage.loudness import LoudnessMeter, TruePeakMeter, loudness_of
from soundstage.sound import SAMPLE_RATE, Block, amplitude


def sine(seconds: float, level: float, hertz: float = 1000.0, phase: float = 0.0) -> Block:
    """Stereo, `level` dBFS at its peaks."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = amplitude(level) * np.sin(2 * np.pi * hertz * t + phase)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def noise(seconds: float, level: float = -20.0, seed: int = 0) -> Block:
    rng = np.random.default_rng(seed)
    swell = np.linspace(0.3, 1, round(seconds * SAMPLE_RATE))[:, None]
    return (rng.standard_normal((len(swell), 2)) * amplitude(level) * swell).astype(np.float32)


def metered(sound: Block, block: int = 48_000) -> LoudnessMeter:
    meter = LoudnessMeter(sound.shape[1])
    for start in range(0, len(sound), block):
        meter.add(sound[start : start + block])
    return meter


def by_ffmpeg(path: Path) -> tuple[float, float]:
    command = [executable(), "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = said[said.rindex("Summary") :]
    return tuple(float(re.search(rf"{name}:\s+(\S+)", summary)[1]) for name in ("I", "Peak"))  # type: ignore[index, return-value]


# EBU Tech 3341, table 1, cases 1 to 4 (a 1 kHz tone in both channels); the pieces are shortened in proportion.
@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        pytest.param([(5, -23)], -23, id="case 1"),
        pytest.param([(5, -33)], -33, id="case 2"),
        pytest.param([(2, -36), (12, -23), (2, -36)], -23, id="case 3"),
        pytest.param([(2, -72), (2, -36), (12, -23), (2, -36), (2, -72)], -23, id="case 4"),
    ],
)
def test_tones_measure_as_the_ebu_says(pieces: list[tuple[float, float]], expected: float) -> None:
    sound = np.concatenate([sine(seconds, level) for seconds, level in pieces])
    assert metered(sound).integrated == pytest.approx(expected, abs=0.1)


SOUNDS = {
    "noise": noise(6),
    "tone": sine(4, -12, 400),
    "loud and soft": np.concatenate([noise(3, -50), noise(3, -18)]),
    "hits": (noise(5, 0) * (np.arange(5 * SAMPLE_RATE) % 24_000 < 900)[:, None]).astype(np.float32),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_agrees_with_other_meters(name: str, tmp_path: Path) -> None:
    sound = SOUNDS[name]
    soundfile.write(tmp_path / "sound.wav", sound, SAMPLE_RATE, subtype="FLOAT")
    meter = metered(sound)
    integrated, peak = by_ffmpeg(tmp_path / "sound.wav")
    assert meter.integrated == pytest.approx(integrated, abs=0.1)
    assert meter.integrated == pytest.approx(pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(sound), abs=0.1)
    assert meter.true_peak == pytest.approx(peak, abs=0.35)


@settings(max_examples=25, deadline=None)
@given(block=st.integers(1, 30_000), length=st.integers(1, 60_000), seed=st.integers(0, 99))
def test_block_size_changes_nothing(block: int, length: int, seed: int) -> None:
    sound = noise(2, seed=seed)[:length]
    whole, parts = metered(sound, length), metered(sound, max(block, length // 200))
    assert parts.integrated == pytest.approx(whole.integrated, abs=1e-6)
    assert parts.momentary == pytest.approx(whole.momentary, abs=1e-6)
    assert parts.true_peak == pytest.approx(whole.true_peak, abs=1e-4)


def test_true_peak_finds_what_lies_between_the_samples() -> None:
    t = np.arange(SAMPLE_RATE)
    faded: NDArray[np.float32] = sine(1, -6.0, 12_000, np.pi / 4)
    faded = (faded * np.minimum(1, np.minimum(t, t[::-1]) / 4800)[:, None]).astype(np.float32)
    assert 20 * np.log10(np.abs(faded).max()) == pytest.approx(-9.0, abs=0.1)
    assert metered(faded).true_peak == pytest.approx(-6.0, abs=0.1)


def test_a_steady_level_has_no_peaks_where_blocks_meet() -> None:
    ramp = np.minimum(1, np.arange(48_000) / 4000)
    steady = np.repeat((0.5 * np.minimum(ramp, ramp[::-1]))[:, None], 2, axis=1).astype(np.float32)
    assert metered(steady, 1000).true_peak == pytest.approx(20 * np.log10(0.5), abs=0.001)


def test_a_peak_at_the_very_end_counts() -> None:
    meter = TruePeakMeter(1)
    meter.add(np.concatenate([np.zeros((100, 1)), np.full((1, 1), 0.7), np.full((1, 1), 0.7)]).astype(np.float32))
    assert meter.amplitude > 0.75


def test_silence_is_minus_infinity() -> None:
    meter = metered(np.zeros((SAMPLE_RATE, 2), np.float32))
    assert (meter.integrated, meter.momentary, meter.true_peak) == (-np.inf,) * 3


def test_what_is_shorter_than_a_window_is_measured_without_gates() -> None:
    assert loudness_of(sine(0.2, -23)) == pytest.approx(-23, abs=0.5)


def test_a_mono_tone_is_three_decibels_softer_than_on_both_sides() -> None:
    assert loudness_of(sine(1, -20)[:, :1]) == pytest.approx(-23, abs=0.1)
