"""How a sound's strength runs in time."""

from collections.abc import Sequence

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.noise import Floats

# Amplitude falls by 60 dB over a decay time, as reverberation and modal decay are given.
_SIXTY_DB = np.log(1000)
# Curves that change at most some tens of times a second need no more points than one in so many frames.
_HOP = 16


def ticks(seconds: float) -> Floats:
    """The time of each frame of a stretch, in seconds."""
    return np.arange(max(int(seconds * SAMPLE_RATE), 16)) / SAMPLE_RATE


def decay(seconds: float, sixty: float) -> Floats:
    """An exponential fall that loses 60 dB in `sixty` seconds."""
    return np.asarray(np.exp(-_SIXTY_DB / sixty * ticks(seconds)))


def pluck(seconds: float, attack: float, sixty: float) -> Floats:
    """A rise over `attack` seconds, then a fall of 60 dB in `sixty`; ends at nothing."""
    time = ticks(seconds)
    rise = np.minimum(time / max(attack, 1e-5), 1.0)
    return np.asarray(np.sin(rise * np.pi / 2) ** 2 * np.exp(-_SIXTY_DB / sixty * np.maximum(time - attack, 0)))


def path(seconds: float, points: Sequence[tuple[float, float]]) -> Floats:
    """Straight lines through (share of the length, value) points."""
    return np.asarray(np.interp(ticks(seconds) / seconds, [p[0] for p in points], [p[1] for p in points]))


def smooth_path(seconds: float, points: Sequence[tuple[float, float]]) -> Floats:
    """As `path`, rounded at the corners (cosine between points)."""
    at = np.array([p[0] for p in points])
    values = np.array([p[1] for p in points])
    place = np.clip(ticks(seconds) / seconds, at[0], at[-1])
    index = np.clip(np.searchsorted(at, place, side="right") - 1, 0, len(at) - 2)
    part = (place - at[index]) / (at[index + 1] - at[index])
    return np.asarray(values[index] + (values[index + 1] - values[index]) * (1 - np.cos(np.pi * part)) / 2)


def hump(seconds: float) -> Floats:
    """A bell that rises from nothing and returns to it."""
    frames = len(ticks(seconds))
    return np.asarray(np.hanning(frames + 2)[1:-1])


def flicker(rng: np.random.Generator, seconds: float, rate: float) -> Floats:
    """A smooth random curve of about -1..1 that changes `rate` times a second."""
    frames = max(int(seconds * SAMPLE_RATE), 16)
    knots = rng.uniform(-1, 1, int((frames - 1) / SAMPLE_RATE * rate) + 3)
    time = np.arange(0, frames + _HOP, _HOP) / SAMPLE_RATE * rate
    index = np.minimum(time.astype(int), len(knots) - 2)
    part = time - index
    part = part * part * (3 - 2 * part)
    return straight(knots[index] * (1 - part) + knots[index + 1] * part, _HOP)[:frames]


def straight(values: Floats, hop: int) -> Floats:
    """A curve frame by frame, straight between values that stand `hop` frames apart; up to the last of them."""
    ramp = np.diff(values)[:, None] * (np.arange(hop, dtype=values.dtype) / hop)
    ramp += values[:-1, None]
    return np.asarray(ramp.ravel())


def faded(sound: Floats, seconds: float = 0.005) -> Floats:
    """The sound with its last stretch faded out, so that cutting it makes no click."""
    frames = min(int(seconds * SAMPLE_RATE), len(sound))
    out = np.array(sound, dtype=np.float64)
    out[len(out) - frames :] *= np.cos(np.linspace(0, np.pi / 2, frames)) ** 2
    return out


def laid(seconds: float, parts: Sequence[tuple[float, Floats]]) -> Floats:
    """Mono sounds laid at their start times (seconds) on a stretch; what overhangs is cut with a fade."""
    out = np.zeros(len(ticks(seconds)))
    for start, sound in parts:
        at = int(start * SAMPLE_RATE)
        length = min(len(sound), len(out) - at)
        if length > 0:
            out[at : at + length] += sound[:length] if length == len(sound) else faded(sound[:length])
    return out
