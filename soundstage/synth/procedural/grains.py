"""Clouds of small sounds: drops, crackles, claps, leaves; scattered by chance (Poisson)."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy.fft import next_fast_len

from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.procedural.material import made_once
from soundstage.synth.procedural.noise import Floats, grounded
from soundstage.synth.procedural.streams import Event, Stream, timeline, woven

Grain = Callable[[np.random.Generator], Floats]


def bank(rng: np.random.Generator, grain: Grain, count: int = 32) -> list[Floats]:
    """Several variants of a grain, each with peak 1."""
    return [peaked(grounded(grain(rng))) for _ in range(count)]


def peaked(sound: Floats) -> Floats:
    """The sound with its peak at 1; silence stays."""
    peak = float(np.abs(sound).max(initial=0.0))
    return sound / peak if peak > 0 else sound


def panned(sound: Floats, pan: float) -> Block:
    """A mono sound placed between left (-1) and right (1) with equal power."""
    angle = np.pi / 4 * (1 + pan)
    return np.asarray(sound[:, None] * (np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)])), np.float32)


def scattered(
    rng: np.random.Generator,
    grains: Sequence[Floats],
    rate: float,
    seconds: float,
    spread: float = 0.5,
    width: float = 0.9,
) -> Block:
    """A loop, shape (2, frames), of `rate` grains a second at random, amplitudes varying log-normally by `spread`."""
    frames = next_fast_len(int(seconds * SAMPLE_RATE), real=True)
    tail = max(map(len, grains))
    out = np.zeros((frames + tail, 2), np.float32)
    placed = [[panned(grain, pan) for pan in (-width, -0.5 * width, 0.0, 0.5 * width, width)] for grain in grains]
    count = max(int(rng.poisson(rate * seconds)), 1)
    starts = rng.integers(0, frames, count)
    gains = np.exp(rng.normal(0, spread, count)).astype(np.float32)
    which, where = rng.integers(0, len(grains), count), rng.integers(0, 5, count)
    for start, gain, one, place in zip(starts.tolist(), gains, which.tolist(), where.tolist(), strict=True):
        sound = placed[one][place]
        out[start : start + len(sound)] += gain * sound
    out[:tail] += out[frames:]
    return np.ascontiguousarray(out[:frames].T)


def cloud(rng: np.random.Generator, grain: Grain, rate: float, spread: float = 0.5, width: float = 0.9) -> Stream:
    """An endless dense cloud of grains: two scattered loops, woven."""
    return woven(rng, _clouds(grain, rate, spread, width))


@made_once(most=4)
def _clouds(grain: Grain, rate: float, spread: float, width: float) -> tuple[Block, ...]:
    chance = np.random.default_rng([round(1000 * rate), round(1000 * spread)])
    grains = bank(chance, grain)
    return tuple(scattered(chance, grains, rate, seconds, spread, width) for seconds in (5.3, 7.9))


def strewn(rng: np.random.Generator, grain: Grain, rate: float, spread: float = 0.5, width: float = 0.9) -> Stream:
    """An endless thin cloud: every grain falls for itself and never comes back the same."""
    return timeline(_chance(rng, grain, rate, spread, width))


def _chance(rng: np.random.Generator, grain: Grain, rate: float, spread: float, width: float) -> Iterator[Event]:
    frame = 0.0
    while True:
        frame += rng.exponential(SAMPLE_RATE / rate)
        sound = peaked(grain(rng)) * np.exp(rng.normal(0, spread))
        yield Event(int(frame), panned(sound, rng.uniform(-width, width)))


def picked(grains: Sequence[Floats]) -> Grain:
    """A grain drawn from a bank: cheap, for thin clouds of costly sounds."""

    def draw(rng: np.random.Generator) -> Floats:
        return grains[int(rng.integers(len(grains)))]

    return draw
