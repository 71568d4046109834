"""Curves that open over stretches of the film and close after them, such as ducking under speech.

A curve is a pure function of the frame number, so that any block can be computed by itself, and it
begins to move before its stretch does: the mix knows what is coming.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from soundstage.sound import SAMPLE_RATE, frames_of

_Number = TypeVar("_Number", int, float)
Curve = float | NDArray[np.float32]


@dataclass(frozen=True)
class Envelope:
    """0 outside the stretches, 1 inside, with raised-cosine slopes between.

    `points` are frame numbers in rising order, `values` the curve there before it is rounded.
    """

    points: NDArray[np.float64]
    values: NDArray[np.float64]

    @classmethod
    def over(cls, stretches: Iterable[tuple[float, float]], *, attack: float, release: float) -> Self:
        """Open fully over each (start, end), in seconds.

        The curve rises during the `attack` seconds before a stretch and falls during the `release`
        seconds after it. Stretches so near that the slopes would meet become one.
        """
        points: list[float] = []
        for start, end in joined(stretches, gap=attack + release):
            points += [start - attack, start, end, end + release]
        values = [0.0, 1.0, 1.0, 0.0] * (len(points) // 4)
        return cls(points=np.array(points) * SAMPLE_RATE, values=np.array(values))

    def at(self, start: int, frames: int) -> Curve:
        """The curve over `frames` frames from frame `start`: one number where it stands still."""
        first = int(np.searchsorted(self.points, start, side="right"))
        last = int(np.searchsorted(self.points, start + frames - 1, side="left"))
        if first == last and self._value_before(first) == self._value_after(first):
            return self._value_before(first)
        linear = np.interp(np.arange(start, start + frames), self.points, self.values)
        return (0.5 - 0.5 * np.cos(np.pi * linear)).astype(np.float32)

    def _value_before(self, index: int) -> float:
        return float(self.values[index - 1]) if index > 0 else 0.0

    def _value_after(self, index: int) -> float:
        return float(self.values[index]) if index < len(self.values) else 0.0


def joined(stretches: Iterable[tuple[_Number, _Number]], gap: _Number) -> list[tuple[_Number, _Number]]:
    """The stretches in order, those at most `gap` (in their own unit) apart made one; empty ones are dropped."""
    merged: list[tuple[_Number, _Number]] = []
    for start, end in sorted((start, end) for start, end in stretches if end > start):
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def edge_fade(start: int, frames: int, length: int, fade_in: int, fade_out: int) -> Curve:
    """Equal-power fades of a sound of `length` frames, over `frames` frames from its frame `start`.

    A sine quarter up and a sine quarter down: two sounds that fade over the same frames keep their
    summed power. Returns 1.0 where neither fade reaches.
    """
    if start >= fade_in and start + frames <= length - fade_out:
        return 1.0
    at = np.arange(start, start + frames, dtype=np.float64) + 0.5
    up = np.clip(at / max(fade_in, 1), 0, 1)
    down = np.clip((length - at) / max(fade_out, 1), 0, 1)
    return (np.sin(np.pi / 2 * up) * np.sin(np.pi / 2 * down)).astype(np.float32)


def fade_frames(
    length: int, fade_in: float, fade_out: float, *, shortest_in: float, shortest_out: float
) -> tuple[int, int]:
    """Fades in frames, none shorter than asked, both together no longer than the sound."""
    rise = max(frames_of(fade_in), frames_of(shortest_in))
    fall = max(frames_of(fade_out), frames_of(shortest_out))
    if rise + fall > length:
        rise = length * rise // (rise + fall)
        fall = length - rise
    return rise, fall
