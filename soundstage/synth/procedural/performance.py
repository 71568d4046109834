"""From a recipe to a cue's samples: where the hits fall, how loud the whole, how it ends."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import rfft, rfftfreq

from soundstage.cuesheet import Perspective
from soundstage.knowledge.label import Behaviour
from soundstage.sound import SAMPLE_RATE, Block, frames_of
from soundstage.synth.procedural.grains import panned, peaked
from soundstage.synth.procedural.material import made_once
from soundstage.synth.procedural.noise import Floats, grounded
from soundstage.synth.procedural.recipe import BedMaker, Making, Pass, Recipe
from soundstage.synth.procedural.space import STANDS, Stand, distanced, impulse, placed
from soundstage.synth.procedural.streams import CHUNK, Event, Stream, timeline

_TARGET = -20.0
_CEILING = 0.885
_KNEE = 0.65
_CRUSH = 1.2
_PROBE = 10 * SAMPLE_RATE
_WINDOW = 19_200
_BED_EDGE = 0.01
_HIT_EDGE = 0.03
_BURST = 1.6
_LONGEST_LEAD = 8.0


@dataclass(frozen=True)
class Strike:
    """An instant to hit, seconds from the cue's start, and how hard (0..1); `natural` when no anchor asked for it."""

    time: float
    strength: float = 1.0
    natural: bool = False


@dataclass(frozen=True)
class Part:
    """What a recipe has to play: its length, hits and place; the seeds of its source and of this performance."""

    seconds: float
    behaviour: Behaviour
    strikes: tuple[Strike, ...] = ()
    perspective: Perspective = Perspective.MEDIUM
    source: int = 0
    seed: int = 0


def perform(recipe: Recipe, values: dict[str, float], part: Part) -> Iterator[Block]:
    """The samples of a part in blocks, exactly its length.

    About -20 LUFS where its peaks allow, lower for sparse and sharp sounds; peaks stay below
    -1 dBFS. Beds begin and end within 10 ms; hits ring out and are faded at the part's end.
    """
    making = Making(np.random.default_rng([part.seed, 0]), values, part.seconds, part.source, part.seed)
    stand = STANDS[part.perspective]
    stream = _bed(recipe.stream, making, part, stand) if recipe.stream else timeline(_hits(recipe, making, part, stand))
    frames = frames_of(part.seconds)
    return _edged(_levelled(_cut(stream, frames), recipe.contrast), frames, sustained=recipe.stream is not None)


def _bed(make: BedMaker, making: Making, part: Part, stand: Stand) -> Stream:
    stream = distanced(make(making), stand)
    if not part.strikes or part.behaviour is Behaviour.STEADY:
        return stream
    return _bursts(stream, part.strikes, part.seconds)


def _bursts(stream: Stream, strikes: Sequence[Strike], seconds: float) -> Stream:
    """A bed that sounds only from each strike on: it starts at once, holds, and lets go before the next."""
    points: list[tuple[float, float]] = [(-1.0, 0.0)]
    ends = [strike.time for strike in strikes[1:]] + [seconds]
    for strike, end in zip(strikes, ends, strict=True):
        room = max(end - strike.time, 0.02)
        hold = min(_BURST, room)
        release = min(0.25, hold / 3)
        force = 0.15 + 0.85 * strike.strength
        shape = ((0.0, 0.0), (0.002, force), (hold - release, force), (hold - 0.002, 0.0))
        points += [(strike.time + at, value) for at, value in shape]
    at, values = np.array(points).T
    frame = 0
    for chunk in stream:
        time = (frame + np.arange(CHUNK)) / SAMPLE_RATE
        yield chunk * np.interp(time, at, values).astype(np.float32)
        frame += CHUNK


def _hits(recipe: Recipe, making: Making, part: Part, stand: Stand) -> Iterator[Event]:
    """The hits as events in the order they begin; passages may begin before their anchor."""
    if recipe.blow is None:
        return
    response = _surroundings(part.source, stand)
    waiting: list[tuple[int, int, Event]] = []
    for index, strike in enumerate(_strikes(recipe, making, part)):
        while waiting and waiting[0][0] < frames_of(strike.time - _LONGEST_LEAD):
            yield heapq.heappop(waiting)[2]
        event = _event(recipe.blow(making.hit(index, strike.strength)), strike, stand, response, making.hit(index, 1))
        heapq.heappush(waiting, (event.frame, index, event))
    while waiting:
        yield heapq.heappop(waiting)[2]


@made_once(most=8)
def _surroundings(source: int, stand: Stand) -> Block:
    """How the place of a source answers."""
    return impulse(np.random.default_rng([source, 3]), stand)


def _event(made: Floats | Pass, strike: Strike, stand: Stand, response: Block, making: Making) -> Event:
    force = (0.15 + 0.85 * strike.strength) * 10 ** (making.rng.uniform(-1.2, 0.0) / 20)
    at = frames_of(strike.time)
    if isinstance(made, Pass):
        loud = made.sound * np.float32(force / max(float(np.abs(made.sound).max()), 1e-9))
        return Event(at - (0 if strike.natural else made.lead), loud)
    return Event(at, placed(panned(peaked(grounded(made)) * force, 0.0), stand, response))


def _strikes(recipe: Recipe, making: Making, part: Part) -> Iterator[Strike]:
    """The anchors; else one at the start, or for what repeats, hits at its own natural pace."""
    if part.strikes:
        yield from sorted(part.strikes, key=lambda strike: strike.time)
        return
    yield Strike(0.0, 0.9, natural=True)
    if part.behaviour is Behaviour.SINGLE:
        return
    time, every = 0.0, making["every"]
    while True:
        time += every * float(np.exp(making.rng.normal(0, recipe.jitter)))
        if time >= part.seconds:
            return
        yield Strike(time, float(np.clip(making.rng.normal(0.8, 0.12), 0.35, 1.0)), natural=True)


def _cut(stream: Stream, frames: int) -> Iterator[Block]:
    left = frames
    for chunk in stream:
        yield chunk[:, :left]
        left -= CHUNK
        if left <= 0:
            return


def _levelled(chunks: Iterator[Block], contrast: float) -> Iterator[Block]:
    """The chunks at a good recording level, judged by the first seconds that sound; peaks bent below the ceiling."""
    held: list[Block] = []
    heard = 0
    for chunk in chunks:
        held.append(chunk)
        heard += chunk.shape[1] if heard or np.any(chunk) else 0
        if heard >= _PROBE:
            break
    gain = _gain(held, contrast)
    for chunk in held:
        yield _bent(chunk, gain)
    held.clear()
    for chunk in chunks:
        yield _bent(chunk, gain)


def _gain(held: Sequence[Block], contrast: float) -> np.float32:
    peak = max((float(np.abs(chunk).max(initial=0.0)) for chunk in held), default=0.0)
    if peak <= 0:
        return np.float32(1.0)
    wanted = 10 ** ((_TARGET - contrast - _loudness(held)) / 20)
    return np.float32(min(wanted, _CRUSH * _CEILING / peak))


def _loudness(held: Sequence[Block]) -> float:
    """About the loudness in LUFS (BS.1770-5), by every other window of 0.4 s: K-weighted, the quiet ones left out."""
    sound = np.hstack(held)
    windows = max(sound.shape[1] // _WINDOW, 1)
    sound = sound[:, : windows * _WINDOW].reshape(2, windows, -1)
    spectrum = rfft(sound[:, ::2])
    power = (spectrum.real**2 + spectrum.imag**2).sum(axis=0) @ _weights(sound.shape[2])
    loudness = -0.691 + 10 * np.log10(2 * power / sound.shape[2] ** 2 + 1e-12)
    return float(10 * np.log10(np.mean(10 ** (loudness[loudness > loudness.max() - 12] / 10))))


def _weights(frames: int) -> Floats:
    """K-weighting as power over frequency: high-pass at 38 Hz, +4 dB above 1.7 kHz."""
    hertz = rfftfreq(frames, 1 / SAMPLE_RATE)
    high = hertz**4 / (hertz**4 + 38.0**4)
    shelf = 1 + 1.51 * hertz**4 / (hertz**4 + 1500.0**4)
    return np.asarray(high * shelf)


def _bent(chunk: Block, gain: np.float32) -> Block:
    """The chunk times the gain, peaks above the knee bent smoothly below the ceiling, the rest untouched."""
    chunk = chunk * gain
    if max(chunk.max(initial=0.0), -chunk.min(initial=0.0)) > _KNEE:
        over = np.abs(chunk) > _KNEE
        room = _CEILING - _KNEE
        high = chunk[over]
        chunk[over] = np.sign(high) * (_KNEE + room * np.tanh((np.abs(high) - _KNEE) / room))
    return chunk


def _edged(chunks: Iterator[Block], frames: int, sustained: bool) -> Iterator[Block]:
    """Blocks, shape (frames, 2), that end without a click; a bed also begins without one, a hit starts at once."""
    rise = min(int(_BED_EDGE * SAMPLE_RATE), frames // 4) if sustained else 0
    fall = min(int((_BED_EDGE if sustained else _HIT_EDGE) * SAMPLE_RATE), frames // 4)
    start = 0
    for chunk in chunks:
        place = start + np.arange(chunk.shape[1])
        if start < rise:
            chunk = chunk * np.minimum(place / rise, 1).astype(np.float32)
        if start + chunk.shape[1] > frames - fall:
            chunk = chunk * np.clip((frames - 1 - place) / max(fall, 1), 0, 1).astype(np.float32)
        start += chunk.shape[1]
        yield np.ascontiguousarray(chunk.T)
