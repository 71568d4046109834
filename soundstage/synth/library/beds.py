"""Steady beds of any length from recordings of any length, joined so that no seam is heard.

A bed is a row of pieces. Each piece is cut where it agrees best with the end of the one before, and
cross-faded at constant power for just that agreement. Pieces start at ever new places, and where no
recording is long enough several are taken in turn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.library.recording import Recording, stream
from soundstage.synth.library.sounding import excerpt

# Less than this cannot be looped without being heard to repeat.
SHORTEST = 1.0

_LONGEST_PIECE = 20.0
_SHORTEST_PIECE = 6.0
_LONGEST_FADE = 1.5
_SEARCH = 0.25
_LOUDNESS = 0.05
_HIGHEST_PEAK = 0.6
_MEASURED = 120.0
_LEVEL_STEP = 0.05
_UNDER_MEDIAN = 5.0
_EDGE = 0.005
# Agreement is looked for at a lower rate first, then to the sample.
_COARSE = 8
# Each bed plays its recordings a little slower or faster than the next bed does.
_OTHER_SPEED = 0.03


@dataclass(frozen=True)
class Material:
    """A recording that a bed may be made of: the steady stretch (seconds), and the gain to the house's level."""

    recording: Recording
    start: float
    end: float
    gain: float

    @property
    def duration(self) -> float:
        """Seconds of the steady stretch."""
        return self.end - self.start


def material(recording: Recording) -> Material | None:
    """The steady stretch of a recording, without its fades and silences at both ends; None when there is too little."""
    levels, peak = _levels(recording)
    if not len(levels) or levels.max() <= 1e-12:
        return None
    decibel = 10 * np.log10(levels + 1e-12)
    loud = np.flatnonzero(decibel > np.median(decibel[decibel > decibel.max() - 40]) - _UNDER_MEDIAN)
    start, end = loud[0] * _LEVEL_STEP + _EDGE, min((loud[-1] + 1) * _LEVEL_STEP, recording.duration) - _EDGE
    if recording.duration > _MEASURED:
        end = recording.duration - start
    if end - start < SHORTEST:
        return None
    effective = float(np.sqrt(np.mean(levels[loud[0] : loud[-1] + 1])))
    return Material(recording, float(start), float(end), min(_LOUDNESS / effective, _HIGHEST_PEAK / peak))


def bed(materials: Sequence[Material], frames: int, channels: int, rng: np.random.Generator) -> Iterator[Block]:
    """A bed of exactly `frames` frames, in blocks of some seconds.

    Args:
        materials: taken in turn; give the one that fits best first.
        frames: at 48 kHz.
        channels: 1 or 2.
        rng: chooses where pieces begin.
    """
    row = _pieces(materials, channels, rng)
    held = next(row)
    while frames > 0:
        following = next(row) if len(held) < frames else held[:0]
        block, held = _joined(held, following) if len(following) else (held, held[:0])
        block = block[:frames]
        frames -= len(block)
        yield block


def _pieces(materials: Sequence[Material], channels: int, rng: np.random.Generator) -> Iterator[Block]:
    places = [each.start for each in materials]
    speeds = rng.uniform(1 - _OTHER_SPEED, 1 + _OTHER_SPEED, len(materials))
    for number in range(2**62):
        which = number % len(materials)
        chosen = materials[which]
        length = min(chosen.duration, float(rng.uniform(_SHORTEST_PIECE, _LONGEST_PIECE)))
        if chosen.duration < 2 * length:
            # Little to choose from: pieces are shorter, so that they can begin at different places.
            length = min(chosen.duration, max(SHORTEST, chosen.duration * float(rng.uniform(0.6, 0.9))))
        start = _next_place(chosen, places[which], length, rng)
        places[which] = start + length
        yield excerpt(chosen.recording, start, start + length, channels, float(speeds[which])) * np.float32(chosen.gain)


def _next_place(chosen: Material, after: float, length: float, rng: np.random.Generator) -> float:
    """Where the recording goes on if there is enough left, else anywhere that leaves enough."""
    on = after - _LONGEST_FADE
    if after > chosen.start and on + length <= chosen.end and chosen.duration > 2 * length:
        return on
    return float(rng.uniform(chosen.start, chosen.end - length))


def _joined(before: Block, after: Block) -> tuple[Block, Block]:
    """Everything up to the end of the cross-fade from one piece to the next, and what is left of the next."""
    fade = min(int(_LONGEST_FADE * SAMPLE_RATE), len(before) // 3, len(after) // 3)
    tail = before[len(before) - fade :]
    skip, agreement = _best_agreement(tail, after, min(int(_SEARCH * SAMPLE_RATE), len(after) // 3))
    mixed = _cross_fade(tail, after[skip : skip + fade], agreement)
    return np.concatenate([before[: len(before) - fade], mixed]), after[skip + fade :]


def _cross_fade(before: Block, after: Block, agreement: float) -> Block:
    """Constant power for sounds that agree this much (0: strangers, equal power; 1: the same, equal gain)."""
    turn = (np.arange(len(before), dtype=np.float32)[:, None] + 0.5) / len(before) * (np.pi / 2)
    falling, rising = np.cos(turn), np.sin(turn)
    level = np.sqrt(1 + 2 * max(0.0, agreement) * falling * rising)
    mixed: Block = ((before * falling + after * rising) / level).astype(np.float32)
    return mixed


def _best_agreement(tail: Block, after: Block, search: int) -> tuple[int, float]:
    """How many frames of `after` to skip so that it is most like `tail`, and how much it then is (-1 to 1)."""
    one, other = tail.mean(axis=1), after[: search + len(tail)].mean(axis=1)
    # One low-passed sample in eight finds the neighbourhood; one in one finds the place.
    thin_one, thin_other = (_thinned(each) for each in (one, other))
    near = int(np.argmax(_agreement(thin_one, thin_other))) * _COARSE
    first = max(0, near - _COARSE)
    exact = _agreement(one, other[first : near + _COARSE + len(one)])
    return first + int(np.argmax(exact)), float(exact.max())


def _agreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Normalised correlation of `one` with `other` at every shift."""
    product = scipy.signal.correlate(other.astype(np.float64), one.astype(np.float64), mode="valid", method="fft")
    total = np.concatenate([[0.0], np.cumsum(other.astype(np.float64) ** 2)])
    energy = (total[len(one) :] - total[: len(total) - len(one)]) * float(np.sum(one.astype(np.float64) ** 2))
    result: NDArray[np.float64] = product / np.sqrt(np.maximum(energy, 1e-12))
    return result


def _thinned(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    whole = len(sound) // _COARSE * _COARSE
    thin: NDArray[np.float32] = sound[:whole].reshape(-1, _COARSE).mean(axis=1)
    return thin


def _levels(recording: Recording) -> tuple[NDArray[np.float64], float]:
    """Mean power in steps of 50 ms over the first two minutes, and the peak."""
    step = max(1, round(_LEVEL_STEP * recording.sample_rate))
    levels: list[NDArray[np.float64]] = []
    rest = np.zeros(0)
    peak = 1e-9
    for block in stream(recording, round(_MEASURED * recording.sample_rate)):
        peak = max(peak, float(np.abs(block).max()))
        power = np.concatenate([rest, np.mean(block.astype(np.float64) ** 2, axis=1)])
        whole = len(power) // step * step
        levels.append(power[:whole].reshape(-1, step).mean(axis=1))
        rest = power[whole:]
    return (np.concatenate(levels) if levels else np.zeros(0)), peak
