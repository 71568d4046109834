"""Endless streams of sound in chunks, and how they are joined.

Every stream yields fresh stereo chunks of shape (2, CHUNK), whatever the caller's block size: so the
samples do not depend on it. The channels come first, as numpy works along long rows several times
faster; a chunk belongs to whoever takes it and may be changed in place.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len

from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.procedural.envelopes import straight
from soundstage.synth.procedural.material import made_once
from soundstage.synth.procedural.noise import Curve, Floats, loop_table

CHUNK = 1 << 15
_STEP = 512
_STEPS = CHUNK // _STEP
# Chunks whose control curves are drawn at once.
_AHEAD = 8

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
        yield from ((1 - roughness) * next(slow) + roughness * next(quick)).reshape(_AHEAD, _STEPS)


def ramped(curve: Curves, shape: Callable[[Floats], Floats]) -> Iterator[Gains]:
    """`shape` of a control curve as one value per frame, straight between the control points."""
    last: float | None = None
    for control in curve:
        value = shape(control).astype(np.float32)
        yield _ramp(value, float(value[0]) if last is None else last)
        last = float(value[-1])


def _ramp(value: Floats, before: float) -> Floats:
    """One value per frame, from `before` straight on from one at control rate to the next."""
    return straight(np.concatenate([[before], value]).astype(np.float32), _STEP)


def _control(rng: np.random.Generator, period: float) -> Iterator[Floats]:
    """Value noise at control rate, for several chunks at a time: random knots a period apart, smoothly joined."""
    spacing = period * SAMPLE_RATE / _STEP
    steps = _AHEAD * _STEPS
    place = np.arange(steps) / spacing + rng.uniform(0, 1)
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
        place = place + steps / spacing
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


class Woven(Iterator[Block]):
    """Two loops, each times a gain at control rate: what moves and scales the whole is folded into the two gains.

    So a layer of a bed costs two products a frame, whatever is done to it.
    """

    def __init__(self, loops: tuple[Stream, Stream], gains: Iterator[tuple[Floats, Floats]]) -> None:
        """Args: loops: endless. gains: of each for every chunk, shape (CHUNK / 512,)."""
        self._loops = loops
        self._gains = gains
        self._last: list[float] | None = None

    def __next__(self) -> Block:
        mix = np.zeros((2, CHUNK), np.float32)
        self.add_to(mix)
        return mix

    def add_to(self, total: Block) -> None:
        """Add the next chunk to one at hand."""
        gains = [np.asarray(gain, np.float32) for gain in next(self._gains)]
        last = self._last or [float(gain[0]) for gain in gains]
        for loop, gain, before in zip(self._loops, gains, last, strict=True):
            total += next(loop) * _ramp(gain, before)
        self._last = [float(gain[-1]) for gain in gains]

    def times(self, factors: Iterator[Floats | float]) -> "Woven":
        """The same times a factor for every chunk; this one is used up by it."""
        gains = ((near * factor, far * factor) for (near, far), factor in zip(self._gains, factors, strict=False))
        return Woven(self._loops, gains)


def woven(rng: np.random.Generator, tables: Sequence[Block], period: float = 2.5) -> Woven:
    """Two loops of different length, cross-faded to and fro at random: no repetition to be heard."""
    first, second = (looped(table, int(rng.integers(table.shape[1]))) for table in tables)
    turns = (np.pi / 4 * (1 + turn) for turn in wander(rng, period))
    return Woven((first, second), ((np.cos(turn), np.sin(turn)) for turn in turns))


def texture(rng: np.random.Generator, curve: Curve, width: float = 1.0, period: float = 2.5) -> Stream:
    """An endless bed of noise of a colour, RMS 1."""
    return woven(rng, [_noise(seconds, tuple(curve), width) for seconds in (4.7, 6.31)], period)


@made_once(most=28)
def _noise(seconds: float, curve: tuple[tuple[float, float], ...], width: float) -> Block:
    """A loop of noise: of one colour all are alike, so one serves every bed."""
    shape = [abs(round(1000 * number)) for point in ((seconds, width), *curve) for number in point]
    return loop_table(np.random.default_rng(shape), seconds, curve, width)


def mixed(*streams: Stream) -> Stream:
    """The sum of endless streams."""
    weaves = [stream for stream in streams if isinstance(stream, Woven)]
    others = [stream for stream in streams if not isinstance(stream, Woven)]
    while True:
        total = next(others[0]) if others else np.zeros((2, CHUNK), np.float32)
        for stream in others[1:]:
            total += next(stream)
        for weave in weaves:
            weave.add_to(total)
        yield total


def scaled(stream: Stream, gain: float) -> Stream:
    """A stream times an amplitude."""
    if isinstance(stream, Woven):
        return stream.times(repeat(gain))
    return (np.multiply(chunk, np.float32(gain), out=chunk) for chunk in stream)


def moved(stream: Stream, curve: Curves, shape: Callable[[Floats], Floats]) -> Stream:
    """A stream times an amplitude that follows `shape` of a control curve."""
    if isinstance(stream, Woven):
        return stream.times(map(shape, curve))
    return (np.multiply(chunk, value, out=chunk) for chunk, value in zip(stream, ramped(curve, shape), strict=False))


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
    tones = tuple(map(float, hertz)), tuple(map(float, gains))
    return woven(rng, [_tone(*tones, breadth, seconds) for seconds in (5.1, 7.3)], 3.0)


@made_once(most=16)
def _tone(hertz: tuple[float, ...], gains: tuple[float, ...], breadth: float, seconds: float) -> Block:
    shape = [round(1000 * number) for number in (seconds, *hertz)]
    return lines(np.random.default_rng(shape), hertz, gains, breadth, seconds)


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
