"""Which onset belongs to which event: the assignment one to one that matches most, and among those the closest."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
Times = Sequence[float] | _Floats

# What a match is worth, in seconds of error: more than all errors together.
_WORTH = 1e6


def matches(events: Times, onsets: Times, tolerance: float) -> list[tuple[int, int]]:
    """Pairs of event and onset no further apart than the tolerance; as many as can be, their errors' sum the least.

    On a line the best assignment never crosses, so it is found event by event, for each stretch without gaps.

    Args:
        events: seconds, in any order.
        onsets: seconds, in any order.
        tolerance: seconds.

    Returns:
        Indices into both, in order of time.
    """
    first, second = np.argsort(events, kind="stable"), np.argsort(onsets, kind="stable")
    wanted, heard = np.asarray(events, np.float64)[first], np.asarray(onsets, np.float64)[second]
    return [
        (int(first[a + i]), int(second[c + j]))
        for a, b, c, d in _stretches(wanted, heard, tolerance)
        for i, j in _stretch(wanted[a:b], heard[c:d], tolerance)
    ]


def _stretches(wanted: _Floats, heard: _Floats, tolerance: float) -> Iterator[tuple[int, int, int, int]]:
    """Bounds of events and onsets between gaps that no pair can reach over."""
    if not len(wanted) or not len(heard):
        return
    times = np.sort(np.concatenate([wanted, heard]))
    starts = times[np.concatenate([[True], np.diff(times) > tolerance])]
    for start, end in zip(starts, [*starts[1:], np.inf], strict=True):
        a, b = np.searchsorted(wanted, [start, end])
        c, d = np.searchsorted(heard, [start, end])
        if a < b and c < d:
            yield int(a), int(b), int(c), int(d)


def _stretch(wanted: _Floats, heard: _Floats, tolerance: float) -> list[tuple[int, int]]:
    best = np.zeros(len(heard) + 1)
    table = [best]
    for time in wanted:
        apart = np.abs(heard - time)
        gain = np.where(apart <= tolerance, _WORTH - apart, -np.inf)
        best = np.maximum.accumulate(np.maximum(best, np.concatenate([[0.0], best[:-1] + gain])))
        table.append(best)
    return _traced(table)[::-1]


def _traced(table: list[_Floats]) -> list[tuple[int, int]]:
    """The matches that made the last value of the table, latest first."""
    pairs: list[tuple[int, int]] = []
    event, onset = len(table) - 1, len(table[0]) - 1
    while event and onset:
        value = table[event][onset]
        if value == table[event - 1][onset]:
            event -= 1
        elif value == table[event][onset - 1]:
            onset -= 1
        else:
            pairs.append((event - 1, onset - 1))
            event, onset = event - 1, onset - 1
    return pairs
