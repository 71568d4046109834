"""How well two views of the same film agree: picture and sound, words and sound, and when things happen."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.metrics.measure import NotDefined

_Floats = NDArray[np.float64]

OFFSETS: _Floats = np.linspace(-2.0, 2.0, 21)
"""The offsets (s) between picture and sound that Synchformer's classes stand for."""

SEGMENTS = 14
"""Segments (0.64 s, every 0.32 s) that Synchformer compares at once: 4.8 s."""

_LEAST_NORM = 1e-8


def cosines(first: NDArray[np.floating], second: NDArray[np.floating]) -> _Floats:
    """The cosine of each pair of embeddings (pairs, dimensions).

    Their mean is the IB-score (ImageBind, picture and sound) and the CLAP scores (words and sound). That of a
    zero vector is 0.

    Raises:
        NotDefined: no pairs, or sets of unlike shape.
    """
    if first.shape != second.shape or first.ndim != 2 or not len(first):
        raise NotDefined(f"embeddings must come in pairs, not {first.shape} and {second.shape}")
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    norms = np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), _LEAST_NORM)
    each: _Floats = (a * b).sum(axis=1) / norms
    return each


def offsets(logits: NDArray[np.floating]) -> _Floats:
    """The offset (s, signed) that is likeliest by each window's logits (windows, 21)."""
    if logits.ndim != 2 or logits.shape[1] != len(OFFSETS):
        raise NotDefined(f"offsets are read off {len(OFFSETS)} logits a window, not off {logits.shape}")
    likeliest: _Floats = OFFSETS[logits.argmax(axis=1)]
    return likeliest


def desync(windows: Iterable[NDArray[np.floating]]) -> float:
    """DeSync (s): the mean absolute offset over all windows of all films.

    Args:
        windows: of each film, the logits (windows, 21) of those that `ends` or `along` name.

    Raises:
        NotDefined: there are no windows.
    """
    found = [np.abs(offsets(logits)) for logits in windows if len(logits)]
    if not found:
        raise NotDefined("no film has a window to compare")
    return float(np.concatenate(found).mean())


def ends(segments: int) -> tuple[slice, slice]:
    """The two windows that av-benchmark looks at: the first and the last 14 segments; nothing between counts."""
    return slice(0, min(SEGMENTS, segments)), slice(max(0, segments - SEGMENTS), segments)


def along(segments: int, hop: int = SEGMENTS // 2) -> tuple[slice, ...]:
    """Windows of 14 segments all along a film, every `hop` segments; the last one ends with the film."""
    last = max(0, segments - SEGMENTS)
    starts = sorted({*range(0, last, hop), last})
    return tuple(slice(start, min(segments, start + SEGMENTS)) for start in starts)
