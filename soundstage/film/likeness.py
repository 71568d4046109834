"""Whether two pictures show the same things, whatever the light does and however they moved."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from soundstage.film.features import Floats
from soundstage.film.frames import COLUMNS, ROWS

# How far things may have moved between the two, in pixels of the 64 by 36 thumbnail.
_ACROSS, _DOWN = 9, 5
_CELL = 4
_NEIGHBOURHOOD = 3
_RADIUS = 4
# Keeps flat parts, where only coding noise differs, from counting.
_NOISE = 9.0


class Likeness(NamedTuple):
    """Correlation of two pictures at their best shift: of parts each on its own, and of the whole."""

    parts: float
    whole: float


def likeness(before: Floats, after: Floats) -> Likeness:
    """Compare two luma thumbnails (36, 64), each freed of local brightness and contrast.

    Returns values from about 0 (nothing in common) to 1; two flat pictures have nothing in common.
    """
    first, second = _relief(before), _relief(after)
    best = _best_products(first, second)
    power_first, power_second = _parts(first**2), _parts(second**2)
    correlation = np.clip(best[:-1, :-1] / (np.sqrt(power_first * power_second) + 1e-3), -1, 1)
    total = float(power_first.sum())
    if total < 1e-6:
        return Likeness(0.0, 0.0)
    power = float(np.sqrt((first**2).mean() * (second**2).mean())) + 1e-6
    return Likeness(parts=float((correlation * power_first).sum()) / total, whole=float(best[-1, -1]) / power)


def _best_products(first: Floats, second: Floats) -> Floats:
    """Greatest mean product over all shifts: (8, 15), of the parts, and in the last row and column of the whole."""
    padded = np.pad(second, ((_DOWN, _DOWN), (_ACROSS, _ACROSS)))
    best = np.full((len(_near(ROWS)) + 1, len(_near(COLUMNS)) + 1), -np.inf, np.float32)
    # A row of shifts at once: all of them together would not fit the processor's cache.
    for down in range(2 * _DOWN + 1):
        products = first[:, None] * sliding_window_view(padded[down : down + ROWS], COLUMNS, axis=1)
        rows = _near_and_whole(ROWS) @ products.reshape(ROWS, -1)
        means = (rows.reshape(-1, COLUMNS) @ _near_and_whole(COLUMNS).T).reshape(len(rows), -1, best.shape[1])
        best = np.maximum(best, means.max(axis=1))
    return best


def _relief(luma: Floats) -> Floats:
    """Luma less its local mean, over its local deviation."""
    mean = _blurred(luma)
    variance = np.maximum(_blurred(luma * luma) - mean * mean, 0)
    relief: Floats = ((luma - mean) / np.sqrt(variance + _NOISE)).astype(np.float32)
    return relief


def _blurred(plane: Floats) -> Floats:
    """Mean over squares of nine by nine, the edges repeated."""
    return np.asarray(_blur(ROWS) @ plane @ _blur(COLUMNS).T, np.float32)


def _parts(planes: Floats) -> Floats:
    """Mean over overlapping neighbourhoods of 3 by 3 cells of 4 by 4 pixels: (..., 7, 14)."""
    return np.asarray(_near(ROWS) @ planes @ _near(COLUMNS).T, np.float32)


@cache
def _blur(size: int) -> Floats:
    """The matrix (size, size) of means over each pixel with `_RADIUS` to either side, the edges repeated."""
    reach = np.arange(-_RADIUS, _RADIUS + 1)
    matrix = np.zeros((size, size), np.float32)
    for pixel in range(size):
        np.add.at(matrix[pixel], np.clip(pixel + reach, 0, size - 1), 1 / len(reach))
    return matrix


@cache
def _near(size: int) -> Floats:
    """The matrix of means over `_NEIGHBOURHOOD` adjoining cells, a cell further with each row."""
    length = _NEIGHBOURHOOD * _CELL
    starts = np.arange(0, size - length + 1, _CELL)[:, None]
    at = np.arange(size)
    return np.asarray(((at >= starts) & (at < starts + length)) / length, np.float32)


@cache
def _near_and_whole(size: int) -> Floats:
    """The same, and in a last row the mean over all."""
    return np.concatenate([_near(size), np.full((1, size), 1 / size, np.float32)])
