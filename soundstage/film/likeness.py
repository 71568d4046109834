"""Whether two pictures show the same things, whatever the light does and however they moved."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from soundstage.film.features import COLUMNS, ROWS, Floats

# How far things may have moved between the two, in pixels of the 64 by 36 thumbnail.
_ACROSS, _DOWN = 9, 5
_CELL = 4
_NEIGHBOURHOOD = 3
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
    padded = np.pad(second, ((_DOWN, _DOWN), (_ACROSS, _ACROSS)))
    shifted = sliding_window_view(padded, (ROWS, COLUMNS)).reshape(-1, ROWS, COLUMNS)
    products = first * shifted
    whole = float(products.mean(axis=(1, 2)).max())
    parts = _parts(products).max(axis=0)
    power_first, power_second = _parts(first[None] ** 2)[0], _parts(second[None] ** 2)[0]
    correlation = np.clip(parts / (np.sqrt(power_first * power_second) + 1e-3), -1, 1)
    total = float(power_first.sum())
    if total < 1e-6:
        return Likeness(0.0, 0.0)
    power = float(np.sqrt((first**2).mean() * (second**2).mean())) + 1e-6
    return Likeness(parts=float((correlation * power_first).sum()) / total, whole=whole / power)


def _relief(luma: Floats) -> Floats:
    """Luma less its local mean, over its local deviation."""
    mean = _blurred(luma)
    variance = np.maximum(_blurred(luma * luma) - mean * mean, 0)
    relief: Floats = ((luma - mean) / np.sqrt(variance + _NOISE)).astype(np.float32)
    return relief


def _blurred(plane: Floats, radius: int = 4) -> Floats:
    """Mean over squares of 2 * radius + 1, the edges repeated."""
    size = 2 * radius + 1
    padded = np.pad(plane.astype(np.float64), radius + 1, mode="edge")
    sums = padded.cumsum(axis=0).cumsum(axis=1)
    box = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    blurred: Floats = (box[: plane.shape[0], : plane.shape[1]] / size**2).astype(np.float32)
    return blurred


def _parts(planes: Floats) -> Floats:
    """Mean over overlapping neighbourhoods of 3 by 3 cells of 4 by 4 pixels: (n, 7, 14)."""
    cells = planes.reshape(-1, ROWS // _CELL, _CELL, COLUMNS // _CELL, _CELL).mean(axis=(2, 4))
    near = sliding_window_view(cells, (_NEIGHBOURHOOD, _NEIGHBOURHOOD), axis=(1, 2))
    means: Floats = near.mean(axis=(3, 4))
    return means
