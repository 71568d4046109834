"""A look-ahead limiter: transparent below its ceiling, and never above it.

The gain comes down before a peak arrives, in a straight line of decibels over `LOOK_AHEAD` frames,
and goes back up at `RELEASE` dB a second; both channels move together. With `between` set, peaks
between the samples count too (four times oversampled, as BS.1770-5 annex 2 measures them). Any
block size gives the same samples; what comes out is `LATENCY` frames late until `flush`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d

from soundstage.loudness import AFTER, BEFORE, OVERSHOOT, between_samples
from soundstage.sound import SAMPLE_RATE, Block, amplitude

LOOK_AHEAD = SAMPLE_RATE // 200
LATENCY = LOOK_AHEAD - 1 + AFTER
RELEASE = 60.0
_SLOPE = RELEASE / SAMPLE_RATE
_SEGMENT = 8192
_NEPERS = np.log(10) / 20


class Limiter:
    """Limits a stream of stereo blocks. `reduction` is the deepest gain taken so far, in dB (0 or more)."""

    def __init__(self, ceiling: float, *, between: bool) -> None:
        """Args: ceiling: highest level let through, in dBFS. between: whether to look between the samples."""
        self.reduction = 0.0
        self._ceiling = amplitude(ceiling)
        self._between = between
        self._safe = self._ceiling / (OVERSHOOT if between else 1.0)
        self._past = np.zeros((BEFORE + LATENCY, 2), np.float32)
        self._wanted = np.zeros(LOOK_AHEAD - 1)
        self._held = np.zeros(LOOK_AHEAD - 1)
        self._skip = LATENCY

    def process(self, block: Block) -> Block:
        """Take the next block (frames, 2); gives what is ready, after the start as many frames as came in."""
        done = [self._segment(block[at : at + _SEGMENT]) for at in range(0, len(block), _SEGMENT)]
        return self._without_start(np.concatenate(done)) if done else block

    def flush(self) -> Block:
        """The frames still held, once all blocks were given."""
        return self.process(np.zeros((LATENCY, 2), np.float32))

    def _segment(self, block: Block) -> Block:
        joined = np.concatenate([self._past, block])
        self._past = joined[len(block) :]
        late = joined[BEFORE : BEFORE + len(block)]
        ahead = joined[LATENCY - AFTER :]
        newest = self._reduction_for(ahead)
        if not newest.any() and not self._wanted.any() and not self._held.any():
            return late
        return late * self._gain(newest)[:, None]

    def _gain(self, newest: NDArray[np.float64]) -> NDArray[np.float32]:
        """Gain of the frames that leave now, given what the newest ones must come down by."""
        frames = len(newest)
        wanted = np.concatenate([self._wanted, newest])
        self._wanted = wanted[frames:]
        lowest = minimum_filter1d(wanted, LOOK_AHEAD, mode="constant")[LOOK_AHEAD // 2 : LOOK_AHEAD // 2 + frames]
        held = np.concatenate([self._held, _released(lowest, self._held[-1])])
        self._held = held[frames:]
        total = np.cumsum(np.concatenate([[0.0], held]))
        decibel = np.minimum((total[LOOK_AHEAD:] - total[:-LOOK_AHEAD]) / LOOK_AHEAD, 0.0)
        self.reduction = max(self.reduction, -float(decibel.min()))
        return np.exp(np.asarray(decibel * _NEPERS, np.float32))

    def _reduction_for(self, ahead: Block) -> NDArray[np.float64]:
        """DB that each frame must come down by, as numbers at or below 0; the borders only lend their samples."""
        wanted = np.zeros(len(ahead) - BEFORE - AFTER)
        sides = np.abs(ahead)
        if float(sides.max()) <= self._safe:
            return wanted
        inner = sides[BEFORE : len(sides) - AFTER]
        peaks = np.maximum(inner[:, 0], inner[:, 1])
        if self._between:
            peaks = np.maximum(peaks, between_samples(ahead))
        over = peaks > self._ceiling
        wanted[over] = -20 * np.log10(peaks[over] / self._ceiling)
        return wanted

    def _without_start(self, block: Block) -> Block:
        cut = min(self._skip, len(block))
        self._skip -= cut
        return block[cut:]


def _released(lowest: NDArray[np.float64], before: float) -> NDArray[np.float64]:
    """The gain in dB that follows every fall at once and rises by no more than the slope."""
    rise = _SLOPE * np.arange(1, len(lowest) + 1)
    fallen = np.minimum.accumulate(np.concatenate([[before], lowest - rise]))
    return np.asarray(np.minimum(rise + fallen[1:], 0.0))
