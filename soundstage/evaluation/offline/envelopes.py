"""How two curves over time go together: sound with sound, or sound with what moves on the picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

_Floats = NDArray[np.float64]
_LEAST = 3


@dataclass(frozen=True)
class Lag:
    """By how many seconds one curve is late after another, and their correlation there (-1 to 1)."""

    seconds: float
    correlation: float


def correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float | None:
    """Pearson's correlation of two curves of one length; None where either does not change at all."""
    a, b = _centred(first), _centred(second)
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.clip(a @ b / norm, -1, 1)) if len(a) >= _LEAST and norm > 0 else None


def lag_between(
    late: NDArray[np.floating], early: NDArray[np.floating], rate: float, reach: float, preference: float = 0.25
) -> Lag | None:
    """The lag at which two curves go together best.

    Args:
        late: the one whose lateness is asked for.
        early: the one it is compared with.
        rate: values a second, of both.
        reach: the longest lag looked for, in seconds.
        preference: how much a lag as long as the reach counts less than none: what repeats fits at many.

    Returns:
        None where either does not change at all.
    """
    a, b = _centred(late), _centred(early)
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    steps = min(round(reach * rate), max(len(a), len(b)) - 1)
    if min(len(a), len(b)) < _LEAST or norm <= 0:
        return None
    size = next_fast_len(len(a) + len(b) + steps, real=True)
    product = irfft(rfft(a, size) * np.conj(rfft(b, size)), size)
    along = np.concatenate([product[size - steps :], product[: steps + 1]]) / norm
    shifts = np.arange(-steps, steps + 1)
    best = int(np.argmax(along * (1 - preference * np.abs(shifts) / max(1, steps))))
    return Lag((float(shifts[best]) + _between(along, best)) / rate, float(along[best]))


def _between(curve: _Floats, at: int) -> float:
    """Where between its neighbours the peak of a curve lies, by a parabola through the three."""
    if not 0 < at < len(curve) - 1:
        return 0.0
    before, peak, after = curve[at - 1 : at + 2]
    bend = before - 2 * peak + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _centred(curve: NDArray[np.floating]) -> _Floats:
    held = np.asarray(curve, np.float64)
    return held - held.mean() if len(held) else held
