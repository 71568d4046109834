"""Excerpts of a take, as networks want to hear them: one channel, at their own rate, of an exact length."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from soundstage import sound
from soundstage.sound import SAMPLE_RATE

Excerpt = NDArray[np.float32]

_AUDIBLE = 1e-3  # root mean square, -60 dBFS


def spread(duration: float, length: float, most: int) -> tuple[float, ...]:
    """Where excerpts of `length` begin that tell of all of a take, in seconds from its start.

    They lie end to end where `most` of them reach, else evenly apart, the first at the start and the last at the
    end. A take that is shorter than one has a single excerpt that begins at its start.
    """
    if duration <= length:
        return (0.0,)
    count = min(most, int(np.ceil(duration / length)))
    return tuple(float(start) for start in np.linspace(0.0, duration - length, count))


def excerpt(take: Path, start: float, length: float, rate: int = SAMPLE_RATE) -> Excerpt:
    """A stretch of a take, its channels' mean; silence before its start and after its end.

    Args:
        take: a sound file at 48 kHz.
        start: seconds from the take's start, may be before it.
        length: seconds.
        rate: samples a second of what is given.

    Returns:
        (round(length * rate),).

    Raises:
        BadSound: the take cannot be read.
    """
    first, count = sound.frames_of(start), sound.frames_of(length)
    heard = np.zeros(count, np.float32)
    at = max(0, -first)
    for block in _blocks(take, max(0, first), count - at):
        heard[at : at + len(block)] = block.mean(axis=1)
        at += len(block)
    return _exactly(heard, round(length * rate), rate)


def is_heard(heard: Excerpt) -> bool:
    """Whether an excerpt holds anything to judge by."""
    return bool(np.sqrt(np.mean(np.square(heard))) > _AUDIBLE)


def _blocks(take: Path, first: int, count: int) -> Iterator[sound.Block]:
    if count <= 0 or first >= sound.facts(take).frames:
        return
    for block in sound.read_blocks(take, start=first):
        yield block[:count]
        count -= len(block)
        if count <= 0:
            return


def _exactly(heard: Excerpt, count: int, rate: int) -> Excerpt:
    resampled = heard if rate == SAMPLE_RATE else soxr.resample(heard, SAMPLE_RATE, rate)
    exact = np.zeros(count, np.float32)
    exact[: min(count, len(resampled))] = resampled[:count]
    return exact
