"""A long film in windows of the length that networks hear, so that no part of it goes unmeasured."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.metrics.measure import NotDefined

LENGTH = 8.0

FilmFeatures = Mapping[str, NDArray[np.floating]]
"""Of each film by its id, one row a window (or frame): (windows, dimensions); a single vector counts as one row."""


def spans(duration: float, length: float = LENGTH, hop: float | None = None) -> tuple[tuple[float, float], ...]:
    """Start and end (s) of windows that cover a film: every `hop` (by default one after the other).

    The last one ends with the film, and so may overlap the one before; a film shorter than one window is one window.

    Raises:
        ValueError: a length or hop that is not above zero.
    """
    step = length if hop is None else hop
    if min(length, step) <= 0:
        raise ValueError(f"windows need a length and a hop above zero, not {length:g} and {step:g} s")
    if duration <= length:
        return ((0.0, max(0.0, duration)),)
    last = duration - length
    starts = [number * step for number in range(math.ceil(last / step - 1e-9))]
    return tuple((start, start + length) for start in [*starts, last])


def rows(features: NDArray[np.floating]) -> NDArray[np.floating]:
    """Features as rows: (windows, dimensions)."""
    return features[None] if features.ndim == 1 else features.reshape(len(features), -1)


def in_pairs(
    made: FilmFeatures, truth: FilmFeatures
) -> tuple[tuple[str, ...], list[NDArray[np.floating]], list[NDArray[np.floating]]]:
    """Ids of the films that both have rows of, in the order of `made`, and those rows.

    Raises:
        NotDefined: they share no film.
    """
    films = tuple(film for film in made if film in truth and len(made[film]) and len(truth[film]))
    if not films:
        raise NotDefined("no film has features both of the reference and of what was made")
    return films, [rows(made[film]) for film in films], [rows(truth[film]) for film in films]


def side_by_side(
    made: NDArray[np.floating], truth: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Two films' rows, as many as the shorter one has.

    Raises:
        NotDefined: their counts differ by more than one window: these are not the same film.
    """
    count = min(len(made), len(truth))
    if max(len(made), len(truth)) - count > 1 or not count:
        raise NotDefined(f"{len(made)} windows of one and {len(truth)} of the other cannot be paired")
    return made[:count], truth[:count]


def by_position(values: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """The mean over films at each window's position: how a metric fares along the length of films."""
    longest = max((len(value) for value in values), default=0)
    table = np.full((len(values), longest), np.nan)
    for row, value in zip(table, values, strict=True):
        row[: len(value)] = value
    means: NDArray[np.float64] = np.nanmean(table, axis=0) if longest else np.zeros(0)
    return means
