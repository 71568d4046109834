"""Whether what is known to happen is heard when it happens: events found, missed and late, and how late.

Two questions are kept apart. Found in place: an onset lies within the tolerance of the event. By how much things are
off: a soundtrack that is late as a whole is late by that much at every event, which the nearest onsets would hide
(a shift by a whole step finds the footstep before). So the lag that brings most events onto onsets is sought first,
the onsets are matched as if it were taken out, and it is part of every error.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.offline.matching import matches

TOLERANCE = 0.1
REACH = 2.5

_NEAR = 0.25  # how far from the lag an onset still belongs to its event
_BLUR = 0.02
_GRID = 0.005
# Events repeat: of lags that fit alike the shorter one is meant. One at the end of the reach must fit a third better.
_FARTHEST = 0.75


@dataclass(frozen=True)
class Timing:
    """How a soundtrack's onsets keep to the known events of its film.

    `hits`: onsets in place, one to an event. `errors`: seconds, late positive, of the events that were found after the
    lag was taken out, with the lag in them. `lag`: seconds by which the soundtrack as a whole is late.
    """

    events: int
    onsets: int
    hits: int
    lag: float
    errors: tuple[float, ...]

    @property
    def recall(self) -> float:
        """Share of the events that are heard in place; 1 where there are none."""
        return self.hits / self.events if self.events else 1.0

    @property
    def precision(self) -> float:
        """Share of the onsets that lie at an event; 1 where there are none."""
        return self.hits / self.onsets if self.onsets else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 1 where there are neither events nor onsets."""
        return 2 * self.hits / (self.events + self.onsets) if self.events + self.onsets else 1.0

    @property
    def extra(self) -> int:
        """Onsets that lie at no event."""
        return self.onsets - self.hits

    @property
    def late(self) -> float | None:
        """The median error (s), late positive; None where no event was found."""
        return float(np.median(self.errors)) if self.errors else None

    @property
    def error(self) -> float | None:
        """The median absolute error (s); None where no event was found."""
        return float(np.median(np.abs(self.errors))) if self.errors else None

    def within(self, limit: float) -> float:
        """Share of all events whose error is no larger than a limit (s); one that was not found counts as larger."""
        found = sum(abs(error) <= limit for error in self.errors)
        return found / self.events if self.events else 1.0


def timing_of(
    events: Sequence[float], onsets: Sequence[float], tolerance: float = TOLERANCE, reach: float = REACH
) -> Timing:
    """Compare the times (s) of events with those of onsets.

    Args:
        events: when something is known to sound.
        onsets: when something was heard to begin.
        tolerance: how far an onset in place may lie from its event, in seconds.
        reach: the longest lag that is looked for, in seconds; 0 for none.
    """
    wanted, heard = np.asarray(events, np.float64), np.asarray(onsets, np.float64)
    lag = lag_of(events, onsets, reach)
    near = matches(wanted + lag, heard, max(tolerance, _NEAR))
    errors = tuple(float(heard[j] - wanted[i]) for i, j in near)
    return Timing(len(events), len(onsets), len(matches(wanted, heard, tolerance)), lag, errors)


def lag_of(events: Sequence[float], onsets: Sequence[float], reach: float = REACH) -> float:
    """The lag (s, late positive) by which most events fall onto onsets, to 5 ms; 0 where nothing is in reach.

    Every event votes for the distances to all onsets in reach, blurred by 20 ms.
    """
    apart = _apart(np.sort(np.asarray(events, np.float64)), np.sort(np.asarray(onsets, np.float64)), reach)
    if not len(apart) or reach <= 0:
        return 0.0
    lags = np.arange(-round(reach / _GRID), round(reach / _GRID) + 1) * _GRID
    votes = np.bincount(np.rint((apart + reach) / _GRID).astype(int), minlength=len(lags)).astype(np.float64)
    blur = np.exp(-0.5 * (np.arange(-20, 21) * _GRID / _BLUR) ** 2)
    score = np.convolve(votes, blur)[20:-20][: len(lags)] * (1 - (1 - _FARTHEST) * np.abs(lags) / reach)
    return float(lags[int(np.argmax(score))])


def _apart(events: NDArray[np.float64], onsets: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """How far each onset lies after each event, of those in reach."""
    bounds = np.searchsorted(onsets, [events - reach, events + reach])
    parts = [onsets[a:b] - event for event, a, b in zip(events, *bounds, strict=True)]
    apart = np.concatenate(parts) if parts else np.zeros(0)
    return apart[np.abs(apart) <= reach]
