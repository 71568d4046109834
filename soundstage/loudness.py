"""Loudness and true peak by ITU-R BS.1770-5, measured in a stream.

The meter takes blocks of any size and gives the same numbers as for the whole: K-weighting keeps
its filter state, and gating works on 400 ms blocks that step by 100 ms (annex 1).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly, sosfilt

from soundstage.sound import SAMPLE_RATE, Block, decibels

# BS.1770-5 annex 1, tables 1 and 2: the shelving and the high-pass stage at 48 kHz.
_K_WEIGHTING = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
_STEP = SAMPLE_RATE // 10
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_OVERSAMPLING = 4
_PEAK_OVERLAP = 64


class LoudnessMeter:
    """Integrated loudness, loudest moment and true peak of a stream of blocks at 48 kHz."""

    def __init__(self, channels: int = 2) -> None:
        """Args: channels: 1 or 2, all weighted 1.0."""
        self._state = np.zeros((len(_K_WEIGHTING), 2, channels))
        self._rest: NDArray[np.float64] = np.zeros(0)
        self._steps: list[NDArray[np.float64]] = []
        self._energy = 0.0
        self._frames = 0
        self._peak = 0.0
        self._tail: Block = np.zeros((0, channels), np.float32)

    def add(self, block: Block) -> None:
        """Take the next block, shape (frames, channels)."""
        if not len(block):
            return
        weighted, self._state = sosfilt(_K_WEIGHTING, block, axis=0, zi=self._state)
        power = np.einsum("fc,fc->f", weighted, weighted)
        self._energy += float(power.sum())
        self._frames += len(block)
        power = np.concatenate([self._rest, power])
        whole = len(power) // _STEP * _STEP
        self._steps.append(power[:whole].reshape(-1, _STEP).mean(axis=1))
        self._rest = power[whole:]
        self._follow_peak(block)

    @property
    def integrated(self) -> float:
        """Gated loudness in LUFS; sound shorter than one 400 ms block is measured ungated; silence is -inf."""
        loudness = _to_lufs(self._windows())
        if not len(loudness):
            return self.ungated
        loud = loudness[loudness > _ABSOLUTE_GATE]
        if not len(loud):
            return float("-inf")
        gate = _mean_lufs(loud) + _RELATIVE_GATE
        return _mean_lufs(loud[loud > gate])

    @property
    def momentary(self) -> float:
        """The loudest 400 ms in LUFS, or the ungated loudness of anything shorter."""
        loudness = _to_lufs(self._windows())
        return float(loudness.max()) if len(loudness) else self.ungated

    @property
    def ungated(self) -> float:
        """Loudness of all of it without gates, in LUFS."""
        mean = self._energy / self._frames if self._frames else 0.0
        return float(-0.691 + 10 * np.log10(mean)) if mean > 0 else float("-inf")

    @property
    def true_peak(self) -> float:
        """Highest level between samples in dBTP, by four times oversampling (annex 2)."""
        self._follow_peak(np.zeros((_PEAK_OVERLAP, self._tail.shape[1]), np.float32))
        return decibels(self._peak)

    def _windows(self) -> NDArray[np.float64]:
        steps = np.concatenate(self._steps) if self._steps else np.zeros(0)
        if len(steps) < 4:
            return np.zeros(0)
        return np.convolve(steps, np.full(4, 0.25), mode="valid")

    def _follow_peak(self, block: Block) -> None:
        joined = np.concatenate([self._tail, block])
        fine = resample_poly(joined, _OVERSAMPLING, 1, axis=0)
        self._peak = max(self._peak, float(np.abs(fine).max()))
        self._tail = joined[-2 * _PEAK_OVERLAP :]


def loudness_of(sound: Block) -> float:
    """Integrated loudness of a sound held in memory, in LUFS."""
    meter = LoudnessMeter(sound.shape[1])
    meter.add(sound)
    return meter.integrated


def _to_lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return -0.691 + 10 * np.log10(power)


def _mean_lufs(loudness: NDArray[np.float64]) -> float:
    return float(-0.691 + 10 * np.log10(np.mean(10 ** ((loudness + 0.691) / 10))))
