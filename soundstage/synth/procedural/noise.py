"""Noise of any colour: shaped in the spectrum, so that it loops without a seam."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from soundstage.sound import SAMPLE_RATE, Block

Floats = NDArray[np.floating[Any]]
Curve = Sequence[tuple[float, float]]

# Beyond its first and last point a curve falls by this much, in dB per octave.
_SKIRT = 24.0
# The directions a line of a noise's spectrum may have: enough that nobody could tell them from all there are.
_TURNS = np.exp(2j * np.pi * np.arange(256) / 256).astype(np.complex64)


def response(curve: Curve, hertz: Floats) -> NDArray[np.float32]:
    """Amplitude of a curve of (hertz, decibels) points at the given frequencies.

    Between points it runs straight over log-frequency; outside it falls by 24 dB per octave.
    """
    octaves = np.log2(np.maximum(hertz, 1.0), dtype=np.float32)
    at = np.log2([point[0] for point in curve], dtype=np.float32)
    level = np.interp(octaves, at, [point[1] for point in curve]).astype(np.float32)
    level -= _SKIRT * (np.maximum(at[0] - octaves, 0) + np.maximum(octaves - at[-1], 0))
    return np.asarray(np.exp2(level * np.float32(np.log2(10) / 20)), np.float32)


def band(low: float, high: float) -> Curve:
    """A flat curve from `low` to `high` Hz."""
    return ((low, 0.0), (high, 0.0))


def coloured(rng: np.random.Generator, frames: int, curve: Curve, channels: int = 1) -> NDArray[np.float32]:
    """Noise of a colour, RMS 1, shape (channels, frames); its end joins its start.

    Its spectrum has the curve's amplitudes and random phases: as many such lines together are Gaussian noise.
    """
    spectrum = _TURNS[rng.integers(0, len(_TURNS), (channels, frames // 2 + 1), np.uint8)]
    spectrum *= response(curve, rfftfreq(frames, 1 / SAMPLE_RATE))
    spectrum[:, 0] = 0
    noise = irfft(spectrum, frames)
    return np.asarray(noise / np.sqrt(np.mean(noise**2, axis=1, keepdims=True)), np.float32)


def hiss(rng: np.random.Generator, seconds: float, curve: Curve) -> Floats:
    """A mono stretch of noise of a colour, RMS 1."""
    frames = max(int(seconds * SAMPLE_RATE), 16)
    return coloured(rng, next_fast_len(frames, real=True), curve)[0, :frames]


def loop_table(rng: np.random.Generator, seconds: float, curve: Curve, width: float = 1.0) -> Block:
    """A stereo noise loop, shape (2, frames), RMS 1. `width` 0 is mono, 1 is independent channels."""
    frames = next_fast_len(int(seconds * SAMPLE_RATE), real=True)
    left, right = coloured(rng, frames, curve, 2)
    if width < 1:
        right = (1 - width) * left + width * right
        right /= np.sqrt(np.mean(right**2))
    return np.stack([left, right])


def filtered(sound: Floats, curve: Curve) -> Floats:
    """A whole mono sound through a zero-phase curve (0 dB is unity)."""
    frames = next_fast_len(len(sound) + 2048, real=True)
    spectrum = rfft(sound, frames) * response(curve, rfftfreq(frames, 1 / SAMPLE_RATE))
    return np.asarray(irfft(spectrum, frames)[: len(sound)])


def grounded(sound: Floats) -> Floats:
    """A mono sound without what lies below hearing: a blow's push leaves an offset that only costs headroom."""
    return np.asarray(scipy.signal.sosfilt(_rumble(), sound))


def through(drive: Floats, body: Floats) -> Floats:
    """A drive through a body's impulse response, cut to the drive's length."""
    return np.asarray(scipy.signal.fftconvolve(drive, body)[: len(drive)])


def swept(sound: Floats, gains: Floats, hop: int = 256) -> Floats:
    """A sound through a filter that moves: short-time Fourier filtering with overlapping windows.

    Args:
        sound: mono.
        gains: shape (steps, 2 * hop + 1): amplitude over frequency (0 to half the rate), the steps
            spread evenly over the sound.
        hop: frames between windows, each four hops long.
    """
    size = 4 * hop
    padded = np.concatenate([np.zeros(size), sound, np.zeros(2 * size)])
    starts = np.arange(0, len(padded) - size, hop)
    window = np.hanning(size + 1)[:-1]
    spectra = rfft(padded[starts[:, None] + np.arange(size)] * window, axis=1)
    place = np.clip((starts - size / 2) / max(len(sound), 1), 0, 1) * (len(gains) - 1)
    low = place.astype(int)
    part = (place - low)[:, None]
    shape = gains[low] * (1 - part) + gains[np.minimum(low + 1, len(gains) - 1)] * part
    pieces = irfft(spectra * shape, size, axis=1) * window
    return _overlapped(pieces, hop, len(padded))[size : size + len(sound)] / 1.5


def _overlapped(pieces: Floats, hop: int, frames: int) -> Floats:
    out = np.zeros(frames + 4 * hop)
    for phase in range(4):
        part = pieces[phase::4].ravel()
        out[phase * hop : phase * hop + len(part)] += part
    return out


def sweep_bins(hop: int = 256) -> Floats:
    """The frequencies in Hz that the columns of `swept`'s gains stand for."""
    return np.asarray(rfftfreq(4 * hop, 1 / SAMPLE_RATE))


@cache
def _rumble() -> Floats:
    """The high pass that takes rumble away, as second-order sections."""
    return np.asarray(scipy.signal.butter(2, 26, "highpass", fs=SAMPLE_RATE, output="sos"))
