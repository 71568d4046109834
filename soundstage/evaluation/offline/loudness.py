"""How loud a soundtrack is, how its loudness ranges, and how much of it is silent."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

_SHORT_TERM = 30  # steps of 100 ms
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -20.0
_LOW, _HIGH = 10, 95

SILENT = -60.0
"""What is quieter (LUFS in 100 ms) is heard as silence beside a soundtrack at -16 to -23 LUFS."""


def loudness_range(steps: NDArray[np.float64]) -> float | None:
    """Loudness range in LU by EBU Tech 3342, of K-weighted powers of 100 ms.

    The distance between the 10th and the 95th percentile of the loudness of 3 s, of what passes -70 LUFS and
    then lies no more than 20 LU below the mean of that. None where less than 3 s pass.
    """
    if len(steps) < _SHORT_TERM:
        return None
    sums = np.cumsum(np.concatenate([[0.0], steps]))
    loudness = lufs((sums[_SHORT_TERM:] - sums[:-_SHORT_TERM]) / _SHORT_TERM)
    loud = loudness[loudness > _ABSOLUTE_GATE]
    if not len(loud):
        return None
    gate = float(lufs(np.mean(10 ** ((loud + 0.691) / 10)))) + _RELATIVE_GATE
    low, high = np.percentile(loud[loud >= gate], [_LOW, _HIGH])
    return float(high - low)


def lufs(power: NDArray[np.float64] | np.floating, floor: float = -120.0) -> NDArray[np.float64]:
    """Loudness of K-weighted power, not below a floor."""
    level: NDArray[np.float64] = np.maximum(-0.691 + 10 * np.log10(np.maximum(power, 1e-15)), floor)
    return level


def silence_ratio(steps: NDArray[np.float64]) -> float | None:
    """The share of the 100 ms steps that are silent; None without steps."""
    return float(np.mean(lufs(steps) < SILENT)) if len(steps) else None


def longest_silence(steps: NDArray[np.float64]) -> float:
    """Seconds of the longest stretch that is silent throughout."""
    runs = (sum(1 for _ in run) for silent, run in groupby(lufs(steps) < SILENT) if silent)
    return max(runs, default=0) / 10
