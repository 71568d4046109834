"""Where a sound stands: distance, reflections, and sources that pass by."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from soundstage.cuesheet import Perspective
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.procedural.envelopes import decay, straight
from soundstage.synth.procedural.noise import Curve, Floats, band, coloured
from soundstage.synth.procedural.streams import Stream
from soundstage.synth.procedural.tones import sampled

_SPEED_OF_SOUND = 343.0
# A passage is reckoned at every so many frames, and made in pieces of so many of those, which fit the cache.
_HOP = 64
_PIECE = 256


@dataclass(frozen=True)
class Stand:
    """How a source reaches the listener: low-pass edge (Hz, 0: none), reflections (dB), tail (dB, s)."""

    edge: float
    early: float
    tail: float
    sixty: float


STANDS = {
    Perspective.NEAR: Stand(0, -30, -60, 0.2),
    Perspective.MEDIUM: Stand(0, -19, -25, 0.35),
    Perspective.FAR: Stand(4500, -14, -12, 0.9),
    Perspective.OFF_SCREEN: Stand(2400, -12, -15, 0.6),
}


def impulse(rng: np.random.Generator, stand: Stand) -> Block:
    """A stereo impulse response after the direct sound: a few reflections, then a diffuse tail."""
    tail = coloured(rng, int(stand.sixty * SAMPLE_RATE), band(150, 5000), 2)
    tail *= decay(stand.sixty, stand.sixty)
    tail *= 10 ** (stand.tail / 20) / np.sqrt(np.sum(tail**2) / 2)
    tail[:, : int(0.012 * SAMPLE_RATE)] = 0
    for channel in tail:
        for at in rng.uniform(0.006, 0.045, 5):
            channel[int(at * SAMPLE_RATE)] += 10 ** (stand.early / 20) * rng.choice([-1, 1]) * np.exp(-at / 0.03)
    return tail.T.astype(np.float32)


def placed(sound: Block, stand: Stand, response: Block) -> Block:
    """A stereo sound with its reflections; longer by the response's length."""
    out = np.zeros((len(sound) + len(response) - 1, 2), np.float32)
    out[: len(sound)] = sound
    out += scipy.signal.fftconvolve(sound, response, axes=0).astype(np.float32)
    return _dulled(out, stand.edge) if stand.edge else out


def distanced(stream: Stream, stand: Stand) -> Stream:
    """A stream through the air between it and the listener (a low-pass with state)."""
    if not stand.edge:
        yield from stream
        return
    sections = _edge(stand.edge).astype(np.float32)
    state = np.zeros((len(sections), 2, 2), np.float32)
    for chunk in stream:
        out, state = scipy.signal.sosfilt(sections, chunk, axis=1, zi=state)
        yield out.astype(np.float32, copy=False)


def _dulled(sound: Block, edge: float) -> Block:
    return np.asarray(scipy.signal.sosfilt(_edge(edge), sound, axis=0), np.float32)


def _edge(hertz: float) -> NDArray[np.float64]:
    return np.asarray(scipy.signal.butter(1, hertz, fs=SAMPLE_RATE, output="sos"))


def echoing(
    rng: np.random.Generator,
    sound: Floats,
    seconds: float,
    level: float,
    curve: Curve = ((60, 0), (300, 0), (2500, -14)),
) -> Floats:
    """A mono sound with an outdoor tail: echoes off far surfaces, `level` dB below, dying over `seconds`."""
    tail = coloured(rng, int(seconds * SAMPLE_RATE), curve)[0]
    rise = np.minimum(np.arange(len(tail)) / (0.03 * SAMPLE_RATE), 1)
    tail *= decay(seconds, seconds)[: len(tail)] * rise
    for at in rng.uniform(0.08, 0.7, 4) * seconds * 0.6:
        start = int(at * SAMPLE_RATE)
        length = min(len(tail) - start, int(0.06 * SAMPLE_RATE))
        if length > 0:
            tail[start : start + length] *= 1 + 2.5 * np.hanning(length)
    wet = scipy.signal.fftconvolve(sound, tail)
    wet *= 10 ** (level / 20) * np.abs(sound).max() / max(np.abs(wet).max(), 1e-9)
    wet[: len(sound)] += sound
    return np.asarray(wet)


def passing(
    source: Callable[[int], tuple[Floats, Floats]], speed: float, distance: float, seconds: float, left_first: bool
) -> tuple[Block, int]:
    """A source driving past on a straight line: Doppler shift, 1/r, air absorption and pan.

    Args:
        source: gives a number of mono frames as (dull, bright) parts; the bright one fades quicker.
        speed: metres a second.
        distance: metres at the closest approach.
        seconds: how long the passage is heard.
        left_first: whether it comes from the left.

    Returns:
        The stereo passage and the frame of closest approach as it is heard.
    """
    frames = int(seconds * SAMPLE_RATE)
    knots = np.arange(0, frames + _HOP, _HOP)
    heard = knots / SAMPLE_RATE - seconds / 2
    # Emission time t solves heard = t + r(t)/c: a quadratic in t.
    c, v, d = _SPEED_OF_SOUND, speed, distance
    a, b = c * c - v * v, c * c * heard
    sent = (b - np.sqrt(np.maximum(b * b - a * (c * c * heard**2 - d * d), 0))) / a
    way = np.sqrt(d * d + (v * sent) ** 2)
    place = (sent - sent[0]) * SAMPLE_RATE
    near = d / way
    edges = np.maximum(np.sin(np.pi * np.minimum(knots / frames, 1)), 0) ** 0.35
    angle = np.pi / 4 * (1 + (0.85 if left_first else -0.85) * v * sent / way)
    loud = np.sqrt(2) * edges * np.stack([np.cos(angle), np.sin(angle)])
    dull, bright = (loud * near).astype(np.float32), (loud * near**1.7).astype(np.float32)
    parts = np.stack(source(int(place[-1]) + 4)).astype(np.float32)
    stereo = [_moved(parts, place, dull, bright, at) for at in range(0, len(knots) - 1, _PIECE)]
    return np.concatenate(stereo)[:frames], int(knots[np.argmax(near)])


def _moved(parts: Block, place: Floats, dull: Block, bright: Block, knot: int) -> Block:
    """A piece of a passage from a knot on: both parts read where they are heard, times what is left of them."""
    piece = slice(knot, knot + _PIECE + 1)
    # Only the place in the source needs double precision.
    low, high = sampled(parts, straight(place[piece], _HOP))
    sides = [
        straight(d, _HOP) * low + straight(b, _HOP) * high
        for d, b in zip(dull[:, piece], bright[:, piece], strict=True)
    ]
    return np.stack(sides, axis=1)
