"""How much of a soundtrack is a copy of what was heard before in it: what loops give away.

Each stretch of 2 s is laid over everything before it, at all distances (steps of 20 ms). What is compared are
fingerprints (after Haitsma & Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002): whether each band
grows or shrinks beside the next one. Two seconds of rain are like any other two of the same rain, and one footstep
like the next, but only a copy grows and shrinks alike in every band all along. What hardly changes (a steady tone,
silence) is nobody's copy.

Measured on white and brown noise and on hits of one kind in noise, a minute each: without copies no correlation reaches
0.25. Loops of 10 s, at other levels and at any distance, are found whole; so is a copy under noise 10 dB below it.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from soundstage.evaluation.offline.profile import BANDS, RATE

_Floats = NDArray[np.float64]

STRETCH = 2.0
ALIKE = 0.4

_RATE = 25
_HOP = RATE // _RATE
_GROUPS = 20
_DEPTH = 70.0
_CHANGES = 0.05  # dB; what changes less stands still
_LEAST = 0.3  # the share of a stretch's fingerprint that must change for it to be compared


def repetition_ratio(levels: NDArray[np.floating], stretch: float = STRETCH, alike: float = ALIKE) -> float | None:
    """The share of a soundtrack's time that is a near copy of an earlier stretch.

    Args:
        levels: a profile's band levels, (frames, 40) in dB.
        stretch: seconds compared at once.
        alike: the correlation of fingerprints from which on it is a copy.

    Returns:
        None for what is shorter than two stretches.
    """
    size = round(stretch * _RATE)
    before = _Before(_fingerprints(levels), size)
    # Between two steps lies a second look: no copy is further than 10 ms from one of them.
    looks = (before.prints, _fingerprints(levels[_HOP // 2 :]))
    starts = range(0, len(before.prints) - size + 1, size)
    if len(starts) < 2:
        return None
    copies = [any(before.likeness(look[at : at + size], at) >= alike for look in looks) for at in starts]
    return sum(copies) / len(copies)


class _Before:
    """A soundtrack's fingerprints, transformed once to be searched many times."""

    def __init__(self, prints: _Floats, size: int) -> None:
        self.prints = prints
        self._size = size
        self._least = _LEAST * size * (_GROUPS - 1)
        self._padded = next_fast_len(len(prints) + size, real=True)
        self._spectra = rfft(prints, self._padded, axis=0)
        changing = np.concatenate([[0.0], np.cumsum((prints != 0).sum(axis=1))])
        self._counts = np.maximum(changing[size:] - changing[:-size], self._least)

    def likeness(self, pattern: _Floats, start: int) -> float:
        """The highest correlation of a pattern with any stretch that ends before it starts; 0 where there is none."""
        count = start - self._size + 1
        if count <= 0 or len(pattern) < self._size:
            return 0.0
        spectrum = rfft(pattern, self._padded, axis=0)
        product = irfft((self._spectra * spectrum.conj()).sum(axis=1), self._padded)[:count]
        mine = max(self._least, float(np.count_nonzero(pattern)))
        return float((product / np.sqrt(self._counts[:count] * mine)).max())


def _fingerprints(levels: NDArray[np.floating]) -> _Floats:
    """1 where a band grows beside the next one, -1 where it shrinks, 0 where neither, 25 times a second over 80 ms."""
    if len(levels) < 3 * _HOP:
        return np.zeros((0, _GROUPS - 1))
    held = np.maximum(levels, float(levels.max()) - _DEPTH)
    grouped = held.reshape(len(held), _GROUPS, BANDS // _GROUPS).mean(axis=2, dtype=np.float64)
    hann = np.hanning(2 * _HOP + 1)[:-1]
    smooth = sliding_window_view(grouped, 2 * _HOP, axis=0)[::_HOP] @ (hann / hann.sum())
    growth = np.diff(np.diff(smooth, axis=1), axis=0)
    return np.asarray(np.where(np.abs(growth) > _CHANGES, np.sign(growth), 0.0), np.float64)
