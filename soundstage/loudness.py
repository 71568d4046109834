"""Loudness and true peak by ITU-R BS.1770-5, measured in a stream.

The meter takes blocks of any size and gives the same numbers as for the whole: K-weighting keeps
its filter state, and gating works on 400 ms blocks that step by 100 ms (annex 1).
"""

import numpy as np
import scipy
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from soundstage.sound import SAMPLE_RATE, Block, decibels

# BS.1770-5 annex 1, tables 1 and 2: the shelving and the high-pass stage at 48 kHz, run as one filter of fourth order.
_FORWARD = np.convolve([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -2.0, 1.0])
_BACK = np.convolve([1.0, -1.69065929318241, 0.73248077421585], [1.0, -1.99004745483398, 0.99007225036621])
STEP_FRAMES = SAMPLE_RATE // 10
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0

# Four times oversampling (annex 2): a sample and the three quarter points after it. A Kaiser-windowed
# sinc of 24 taps is flat to 20 kHz within 0.1 dB; annex 2 asks for 0.2 dB at half that bandwidth.
_TAPS = 24
BEFORE = _TAPS // 2 - 1
AFTER = _TAPS // 2
_QUARTERS = (0.25, 0.5, 0.75)
_KAISER_BETA = 5.0
# Points of so many samples come out of one row of a matrix product: 20 times faster than upfirdn.
_HOP = 32
# Rows in one product: few enough for BLAS not to spread it over threads, which costs more than it gains here.
_ROWS = 64
_SEGMENT = 4096


def _interpolators() -> NDArray[np.float64]:
    """One row of taps per quarter point, each passing a constant unchanged."""
    at = np.arange(-BEFORE, AFTER + 1)[None, :] - np.array(_QUARTERS)[:, None]
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (at / AFTER) ** 2, 0, None)))
    taps: NDArray[np.float64] = np.sinc(at) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float64)


def _product_matrices() -> NDArray[np.float32]:
    """One for each quarter: what comes out of each is written in one piece."""
    matrices = np.zeros((len(_QUARTERS), _HOP + _TAPS - 1, _HOP), np.float32)
    for hop in range(_HOP):
        matrices[:, hop : hop + _TAPS, hop] = _interpolators()
    return matrices


_MATRICES = _product_matrices()
# No quarter point can exceed the largest sample around it by more than this factor (about 8 dB).
OVERSHOOT = float(np.abs(_interpolators()).sum(axis=1).max()) + 1e-4


def between_samples(sound: Block) -> NDArray[np.float32]:
    """The highest magnitude at the quarter points after each sample, over all channels.

    Args:
        sound: shape (BEFORE + frames + AFTER, channels); the borders only lend their samples.

    Returns:
        Shape (frames,).
    """
    frames = len(sound) - _TAPS + 1
    if frames <= 0:
        return np.zeros(0, np.float32)
    stacks = -(-frames // (_HOP * _ROWS))
    shape = (stacks, _ROWS, _HOP + _TAPS - 1)
    highest = np.zeros((stacks, _ROWS, _HOP), np.float32)
    channel = np.zeros(stacks * _ROWS * _HOP + _TAPS - 1, np.float32)
    for number in range(sound.shape[1]):
        channel[: len(sound)] = sound[:, number]
        windows = as_strided(channel, shape, (_ROWS * _HOP * 4, _HOP * 4, 4), writeable=False).copy()
        for matrix in _MATRICES:
            points = windows @ matrix
            np.maximum(highest, np.abs(points, out=points), out=highest)
    return highest.reshape(-1)[:frames]


class TruePeakMeter:
    """The highest level of a stream of blocks, between its samples too; silence lies around the stream."""

    def __init__(self, channels: int = 2) -> None:
        """Args: channels: any number."""
        self._tail = np.zeros((BEFORE, channels), np.float32)
        self._peak = 0.0

    def add(self, block: Block) -> None:
        """Take the next block, shape (frames, channels)."""
        if not len(block):
            return
        self._peak = max(self._peak, float(np.abs(block).max()))
        joined = np.concatenate([self._tail, block])
        self._peak = max(self._peak, _highest(joined, self._peak))
        self._tail = joined[-(_TAPS - 1) :]

    @property
    def amplitude(self) -> float:
        """The peak as an amplitude; 1.0 is full scale."""
        end = np.concatenate([self._tail, np.zeros((AFTER, self._tail.shape[1]), np.float32)])
        return max(self._peak, _highest(end, self._peak))

    @property
    def level(self) -> float:
        """The peak in dBTP; silence is -inf."""
        return decibels(self.amplitude)


def _highest(joined: Block, known: float) -> float:
    """The highest quarter point where it can exceed what is known; elsewhere it need not be computed."""
    highest = known
    for start in range(0, len(joined) - _TAPS + 1, _SEGMENT):
        segment = joined[start : start + _SEGMENT + _TAPS - 1]
        if float(np.abs(segment).max()) * OVERSHOOT > highest:
            highest = max(highest, float(between_samples(segment).max()))
    return highest


class LoudnessMeter:
    """Integrated loudness, loudest moment and true peak of a stream of blocks at 48 kHz."""

    def __init__(self, channels: int = 2, *, peak: bool = True) -> None:
        """Args: channels: 1 or 2, all weighted 1.0. peak: whether the true peak is wanted too."""
        self._state = np.zeros((channels, len(_BACK) - 1))
        self._rest: NDArray[np.float64] = np.zeros(0)
        self._steps: list[NDArray[np.float64]] = []
        self._energy = 0.0
        self._frames = 0
        self._peak = TruePeakMeter(channels) if peak else None

    def add(self, block: Block) -> None:
        """Take the next block, shape (frames, channels)."""
        if not len(block):
            return
        channels = np.ascontiguousarray(block.T, np.float64)
        weighted, self._state = scipy.signal.lfilter(_FORWARD, _BACK, channels, zi=self._state)
        power = np.einsum("cf,cf->f", weighted, weighted)
        self._energy += float(power.sum())
        self._frames += len(block)
        power = np.concatenate([self._rest, power])
        whole = len(power) // STEP_FRAMES * STEP_FRAMES
        self._steps.append(power[:whole].reshape(-1, STEP_FRAMES).mean(axis=1))
        self._rest = power[whole:]
        if self._peak is not None:
            self._peak.add(block)

    @property
    def integrated(self) -> float:
        """Gated loudness in LUFS; sound shorter than one 400 ms block is measured ungated; silence is -inf."""
        return gated(self.steps) if self._frames >= 4 * STEP_FRAMES else self.ungated

    @property
    def momentary(self) -> float:
        """The loudest 400 ms in LUFS, or the ungated loudness of anything shorter."""
        loudness = _to_lufs(_windows(self.steps))
        return float(loudness.max()) if len(loudness) else self.ungated

    @property
    def ungated(self) -> float:
        """Loudness of all of it without gates, in LUFS."""
        mean = self._energy / self._frames if self._frames else 0.0
        return float(-0.691 + 10 * np.log10(mean)) if mean > 0 else float("-inf")

    @property
    def true_peak(self) -> float:
        """Highest level between samples in dBTP, by four times oversampling (annex 2)."""
        return self._peak.level if self._peak is not None else float("nan")

    @property
    def steps(self) -> NDArray[np.float64]:
        """K-weighted power of each whole 100 ms, summed over the channels."""
        return np.concatenate(self._steps) if self._steps else np.zeros(0)


def gated(steps: NDArray[np.float64]) -> float:
    """Integrated loudness in LUFS of `LoudnessMeter.steps`, by the two gates of annex 1; -inf when none passes."""
    loudness = _to_lufs(_windows(steps))
    loud = loudness[loudness > _ABSOLUTE_GATE]
    if not len(loud):
        return float("-inf")
    gate = _mean_lufs(loud) + _RELATIVE_GATE
    return _mean_lufs(loud[loud > gate])


def loudness_of(sound: Block) -> float:
    """Integrated loudness of a sound held in memory, in LUFS."""
    meter = LoudnessMeter(sound.shape[1], peak=False)
    meter.add(sound)
    return meter.integrated


def _windows(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power of each 400 ms."""
    if len(steps) < 4:
        return np.zeros(0)
    return np.convolve(steps, np.full(4, 0.25), mode="valid")


def _to_lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return -0.691 + 10 * np.log10(power)


def _mean_lufs(loudness: NDArray[np.float64]) -> float:
    return float(-0.691 + 10 * np.log10(np.mean(10 ** ((loudness + 0.691) / 10))))
