"""Tones whose pitch moves: sines and wavetables read at a running phase, whistles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import flicker, smooth_path, ticks
from soundstage.synth.procedural.noise import Floats

Points = Sequence[tuple[float, float]]

_TABLE = 4096


def phase_of(hertz: Floats, start: float = 0.0) -> Floats:
    """The running phase in turns of a tone with a frequency (Hz) per frame."""
    return np.asarray(start + np.cumsum(hertz) / SAMPLE_RATE)


def sine(hertz: Floats, start: float = 0.0) -> Floats:
    """A sine that follows a frequency curve (Hz per frame)."""
    return np.asarray(np.sin(2 * np.pi * phase_of(hertz, start)))


def wave(harmonics: Sequence[float] | NDArray[np.floating[Any]], phases: Floats | None = None) -> Floats:
    """One turn of a wave from its harmonics' amplitudes, RMS 1, as a table to read at a phase."""
    spectrum = np.zeros(_TABLE // 2 + 1, complex)
    count = min(len(harmonics), _TABLE // 2 - 1)
    turn = np.zeros(count) if phases is None else phases[:count]
    spectrum[1 : count + 1] = np.asarray(harmonics)[:count] * np.exp(1j * (turn - np.pi / 2))
    table = irfft(spectrum, _TABLE)
    return np.asarray(table / np.sqrt(np.mean(table**2)))


def tilted(highest: float, tilt: float = -12.0) -> Floats:
    """A wave with all harmonics of `highest` Hz that fit below 18 kHz, falling by `tilt` dB per octave."""
    count = int(np.clip(18_000 / highest, 1, 400))
    number = np.arange(1, count + 1)
    return wave(number ** (tilt / 6.02))


def read(tables: Floats, phase: Floats) -> Floats:
    """A wavetable, or several in rows, at a running phase in turns, straight between their points."""
    closed = np.concatenate([tables, tables[..., :1]], axis=-1)
    return sampled(closed, np.mod(phase, 1.0) * tables.shape[-1])


def sampled(sounds: Floats, place: Floats) -> Floats:
    """A sound, or several in rows, read at fractional frames that lie within it, straight between its frames."""
    index = place.astype(np.int32)
    part = (place - index).astype(sounds.dtype, copy=False)
    low, high = sounds.take(index, axis=-1), sounds.take(index + 1, axis=-1, mode="clip")
    high -= low
    high *= part
    return np.asarray(high + low)


def whistle(
    rng: np.random.Generator,
    seconds: float,
    pitch: Points,
    loud: Points = ((0, 0), (0.15, 1), (0.7, 0.8), (1, 0)),
    trill: float = 0.0,
    rate: float = 30.0,
    second: float = 0.08,
) -> Floats:
    """A whistled syllable: a sine on a pitch curve (share, Hz), with a trill and a little second harmonic."""
    hertz = smooth_path(seconds, pitch) * (1 + trill * np.sin(2 * np.pi * rate * ticks(seconds) + rng.uniform(0, 6)))
    phase = 2 * np.pi * phase_of(hertz)
    tone = np.sin(phase) + second * np.sin(2 * phase) + 0.4 * second * np.sin(3 * phase)
    return np.asarray(tone * smooth_path(seconds, loud) * (1 + 0.08 * flicker(rng, seconds, 40)))
