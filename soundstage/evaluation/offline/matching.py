"""Which onset belongs to which event: the assignment one to one that matches most, and among those the closest."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
Times = Sequence[float] | _Floats

# What a match is worth, in seconds of error: more than all errors together.
_WORTH = 1e6
# How the best assignment of some events to some onsets comes from that of fewer.
_NO_EVENT, _NO_ONSET, _MATCH = 0, 1, 2


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
    moves: list[NDArray[np.uint8]] = []
    for time in wanted:
        apart = np.abs(heard - time)
        gain = np.where(apart <= tolerance, _WORTH - apart, -np.inf)
        before = best
        best = np.maximum.accumulate(np.maximum(before, np.concatenate([[0.0], before[:-1] + gain])))
        by_onset = np.concatenate([[False], best[1:] == best[:-1]])
        moves.append(np.select([best == before, by_onset], [_NO_EVENT, _NO_ONSET], _MATCH).astype(np.uint8))
    return _traced(moves, len(heard))[::-1]


def _traced(moves: list[NDArray[np.uint8]], onset: int) -> list[tuple[int, int]]:
    """The matches that the best moves lead back to, latest first."""
    pairs: list[tuple[int, int]] = []
    event = len(moves)
    while event and onset:
        move = moves[event - 1][onset]
        if move == _MATCH:
            pairs.append((event - 1, onset - 1))
        event -= move != _NO_ONSET
        onset -= move != _NO_EVENT
    return pairs
