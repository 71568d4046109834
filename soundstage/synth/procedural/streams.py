"""Endless streams of sound in chunks, and how they are joined.

Every stream yields fresh stereo chunks of shape (2, CHUNK), whatever the caller's block size: so the
samples do not depend on it. The channels come first, as numpy works along long rows several times
faster; a chunk belongs to whoever takes it and may be changed in place.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len

from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.procedural.noise import Curve, Floats, loop_table

CHUNK = 1 << 15
_STEP = 512
_STEPS = CHUNK // _STEP
_RAMP = (np.arange(_STEP, dtype=np.float32) / _STEP)[None, :]

Stream = Iterator[Block]
Curves = Iterator[Floats]
Gains = NDArray[Any]


def wander(rng: np.random.Generator, period: float, roughness: float = 0.35) -> Curves:
    """A smooth random curve of about -1..1 that turns about every `period` seconds and never repeats.

    It is given at control rate: shape (CHUNK / 512,) for each chunk. `roughness` is the share of
    quicker movement (a third of the period).
    """
    slow, quick = _control(rng, period), _control(rng, period / 3.1)
    while True:
        yield np.asarray((1 - roughness) * next(slow) + roughness * next(quick))


def ramped(curve: Curves, shape: Callable[[Floats], Floats]) -> Iterator[Gains]:
    """`shape` of a control curve as one value per frame, straight between the control points."""
    last: float | None = None
    for control in curve:
        value = shape(control).astype(np.float32)
        starts = np.concatenate([[value[0] if last is None else last], value[:-1]]).astype(np.float32)
        yield (starts[:, None] + (value - starts)[:, None] * _RAMP).ravel()
        last = float(value[-1])


def _control(rng: np.random.Generator, period: float) -> Iterator[Floats]:
    """Value noise at control rate: random knots a period apart, smoothly joined."""
    spacing = period * SAMPLE_RATE / _STEP
    place = np.arange(_STEPS) / spacing + rng.uniform(0, 1)
    knots = rng.uniform(-1, 1, 2)
    origin = 0
    while True:
        needed = int(place[-1]) + 2 - origin
        if needed > len(knots):
            knots = np.concatenate([knots, rng.uniform(-1, 1, needed - len(knots))])
        index = place.astype(int) - origin
        part = place - origin - index
        part = part * part * (3 - 2 * part)
        yield knots[index] * (1 - part) + knots[index + 1] * part
        place = place + _STEPS / spacing
        keep = int(place[0]) - origin
        if keep > 0:
            held = min(keep, len(knots) - 1)
            knots, origin = knots[held:], origin + held


def looped(table: Block, start: int = 0) -> Stream:
    """A table, shape (2, frames), over and over from a frame; its chunks are views, for reading only."""
    frames = table.shape[1]
    longer = np.hstack([table] * (CHUNK // frames + 2)) if frames < CHUNK else table
    size, place = longer.shape[1], start % frames
    while True:
        end = place + CHUNK
        yield longer[:, place:end] if end <= size else np.hstack([longer[:, place:], longer[:, : end - size]])
        place = end % size


def woven(rng: np.random.Generator, tables: Sequence[Block], period: float = 2.5) -> Stream:
    """Two loops of different length, cross-faded to and fro at random: no repetition to be heard."""
    first, second = (looped(table, int(rng.integers(table.shape[1]))) for table in tables)
    here, there = tee(wander(rng, period))
    gains = zip(
        ramped(here, lambda turn: np.cos(np.pi / 4 * (1 + turn))),
        ramped(there, lambda turn: np.sin(np.pi / 4 * (1 + turn))),
        strict=False,
    )
    for one, other, (near, far) in zip(first, second, gains, strict=False):
        mix = one * near
        mix += other * far
        yield mix


def texture(rng: np.random.Generator, curve: Curve, width: float = 1.0, period: float = 2.5) -> Stream:
    """An endless bed of noise of a colour, RMS 1."""
    return woven(rng, [loop_table(rng, seconds, curve, width) for seconds in (4.7, 6.31)], period)


def mixed(*streams: Stream) -> Stream:
    """The sum of streams; ends with the first that ends."""
    for chunks in zip(*streams, strict=False):
        total = chunks[0]
        for chunk in chunks[1:]:
            total += chunk
        yield total


def scaled(stream: Stream, gain: float) -> Stream:
    """A stream times an amplitude."""
    for chunk in stream:
        chunk *= np.float32(gain)
        yield chunk


def moved(stream: Stream, curve: Curves, shape: Callable[[Floats], Floats]) -> Stream:
    """A stream times an amplitude that follows `shape` of a control curve."""
    for chunk, value in zip(stream, ramped(curve, shape), strict=False):
        chunk *= value
        yield chunk


def swell(depth: float) -> Callable[[Floats], Floats]:
    """Maps a wandering curve (-1..1) to an amplitude of `depth` dB up and down around 1."""
    slope = depth * np.log(10) / 20

    def shape(value: Floats) -> Floats:
        return np.asarray(np.exp(slope * value))

    return shape


@dataclass(frozen=True)
class Event:
    """A finished sound, shape (frames, 2), that starts at a frame of the stream."""

    frame: int
    sound: Block


def timeline(events: Iterable[Event]) -> Stream:
    """Events, ordered by frame, laid over silence without end; tails run on over chunks."""
    source = iter(events)
    coming = next(source, None)
    sounding: list[Event] = []
    start = 0
    while True:
        out = np.zeros((2, CHUNK), np.float32)
        while coming is not None and coming.frame < start + CHUNK:
            sounding.append(coming)
            coming = next(source, None)
        for event in sounding:
            _lay(out, event, start)
        start += CHUNK
        sounding = [event for event in sounding if event.frame + len(event.sound) > start]
        yield out


def _lay(out: Block, event: Event, start: int) -> None:
    low = max(event.frame, start)
    high = min(event.frame + len(event.sound), start + CHUNK)
    if high > low:
        out[:, low - start : high - start] += event.sound[low - event.frame : high - event.frame].T


def mono_stream(chunks: Iterator[Floats]) -> Stream:
    """Mono chunks of CHUNK frames, on both channels."""
    for chunk in chunks:
        yield np.tile(chunk.astype(np.float32), (2, 1))


def lines(
    rng: np.random.Generator,
    hertz: Sequence[float],
    gains: Sequence[float],
    breadth: float = 0.002,
    seconds: float = 8.0,
) -> Block:
    """A loop of steady tones that waver as real ones do: spectral lines of a relative breadth; RMS 1, stereo.

    Each line is a narrow bell of random bins, so that the loop has no seam and the tone a slow beat.
    """
    frames = next_fast_len(int(seconds * SAMPLE_RATE), real=True)
    spectrum = np.zeros((2, frames // 2 + 1), complex)
    for tone, gain in zip(hertz, gains, strict=True):
        centre = tone * frames / SAMPLE_RATE
        spread = max(breadth * centre, 0.4)
        bins = np.arange(max(int(centre - 4 * spread), 1), min(int(centre + 4 * spread) + 2, spectrum.shape[1]))
        if not len(bins):
            continue
        bell = np.exp(-0.5 * ((bins - centre) / spread) ** 2) * np.exp(2j * np.pi * rng.uniform(0, 1, len(bins)))
        bell *= gain / np.sqrt(np.sum(np.abs(bell) ** 2))
        spectrum[0, bins] += bell
        spectrum[1, bins] += bell * np.exp(1j * rng.normal(0, 0.5))
    sound = irfft(spectrum, frames)
    return np.asarray(sound / np.sqrt(np.mean(sound**2) + 1e-20), np.float32)


def hum(rng: np.random.Generator, hertz: Sequence[float], gains: Sequence[float], breadth: float = 0.002) -> Stream:
    """An endless steady tone of several partials, RMS 1."""
    return woven(rng, [lines(rng, hertz, gains, breadth, seconds) for seconds in (5.1, 7.3)], 3.0)


def pulsed(
    stream: Stream, rng: np.random.Generator, hertz: float, depth: float, sharp: float = 1.0, sway: float = 0.01
) -> Stream:
    """A stream whose strength beats `hertz` times a second: `depth` 0..1, `sharp` above 1 makes it knock.

    `sway` is the slow random change of the rate as a share.
    """
    phase = 0.0
    steps = np.arange(CHUNK, dtype=np.float32)
    for chunk, curve in zip(stream, wander(rng, 4.0), strict=False):
        rate = hertz * (1 + sway * float(curve.mean())) / SAMPLE_RATE
        beat = 0.5 + 0.5 * np.cos(np.float32(2 * np.pi) * (phase + np.float32(rate) * steps))
        phase = (phase + rate * CHUNK) % 1.0
        chunk *= 1 - depth + depth * beat ** np.float32(sharp)
        yield chunk
