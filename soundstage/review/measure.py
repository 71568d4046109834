"""One pass over a take: everything the checks need, in numbers whose size hardly grows with the take."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import rfft

from soundstage import sound
from soundstage.loudness import LoudnessMeter
from soundstage.review.faults import ClickFinder, ClipFinder
from soundstage.sound import Block

LEVELS_PER_SECOND = 100
_WINDOW = 4096
_MOST_WINDOWS = 1400
_PIECES = 128


@dataclass(frozen=True)
class Measured:
    """What was measured of a take.

    `loudness` in LUFS, `peak` the highest sample, `true_peak` in dBTP, `offset` the largest
    channel's mean, `powers` the mean square of every 10 ms, `spectrum` the power at `frequencies`
    (Hz). `clipped` counts samples; `clicks` are seconds.
    """

    frames: int
    channels: int
    sample_rate: int
    loudness: float
    peak: float
    true_peak: float
    offset: float
    powers: NDArray[np.float32]
    frequencies: NDArray[np.float64]
    spectrum: NDArray[np.float64]
    clipped: int
    first_clipped: float
    clicks: tuple[float, ...]

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.sample_rate

    @property
    def levels(self) -> NDArray[np.float32]:
        """The level of every 10 ms in dBFS (mean square), not below -120."""
        return (10 * np.log10(np.maximum(self.powers, 1e-12))).astype(np.float32)


def measure(path: Path) -> Measured:
    """Measure a take, streaming. Raises BadSound when it cannot be read."""
    facts = sound.facts(path)
    hop = max(1, facts.sample_rate // LEVELS_PER_SECOND)
    size = hop * _PIECES
    meter = LoudnessMeter(facts.channels)
    clips, clicks = ClipFinder(), ClickFinder()
    spectrum = _Spectrum(facts.channels, max(1, facts.frames // size))
    peak, total, frames = 0.0, np.zeros(facts.channels), 0
    powers: list[NDArray[np.float32]] = []
    for block in sound.rechunk(sound.read_blocks(path), size):
        meter.add(block)
        clips.add(block)
        clicks.add(block)
        spectrum.add(block)
        peak = max(peak, float(np.abs(block).max()))
        total += np.ones(len(block), np.float32) @ block
        powers.append(_powers(block, hop))
        frames += len(block)
    rate = facts.sample_rate
    return Measured(
        frames=frames,
        channels=facts.channels,
        sample_rate=rate,
        loudness=meter.integrated,
        peak=peak,
        true_peak=meter.true_peak,
        offset=float(np.abs(total).max() / frames) if frames else 0.0,
        powers=np.concatenate(powers) if powers else np.zeros(0, np.float32),
        frequencies=np.fft.rfftfreq(_WINDOW, 1 / rate).astype(np.float64),
        spectrum=spectrum.power,
        clipped=clips.count,
        first_clipped=(clips.first or 0) / rate,
        clicks=tuple(frame / rate for frame in clicks.clicks(peak)),
    )


class _Spectrum:
    """Mean power spectrum of Hann windows of 85 ms: all of a take up to a minute, samples of a longer one."""

    def __init__(self, channels: int, blocks: int) -> None:
        self.power: NDArray[np.float64] = np.zeros(_WINDOW // 2 + 1)
        self._windows = max(1, _MOST_WINDOWS // blocks)
        self._hann = np.hanning(_WINDOW).astype(np.float32)
        self._tail: Block = np.zeros((_WINDOW // 2, channels), np.float32)

    def add(self, block: Block) -> None:
        joined = np.concatenate([self._tail, block])
        missing = _WINDOW - len(joined)
        if missing > 0:
            joined = np.pad(joined, ((0, missing), (0, 0)))
        last = len(joined) - _WINDOW
        count = min(self._windows, 1 + last // (_WINDOW // 2))
        starts = np.linspace(0, last, count).astype(int) if count > 1 else [last // 2]
        channels = sliding_window_view(np.ascontiguousarray(joined.T), _WINDOW, axis=1)
        lines = rfft(channels[:, starts] * self._hann)
        self.power += (lines.real**2 + lines.imag**2).sum(axis=(0, 1))
        self._tail = joined[-_WINDOW // 2 :]


def _powers(block: Block, hop: int) -> NDArray[np.float32]:
    power = np.einsum("fc,fc->f", block, block) / block.shape[1]
    sums = np.add.reduceat(power, np.arange(0, len(power), hop))
    return (sums / _lengths(len(power), hop)).astype(np.float32)


def _lengths(frames: int, hop: int) -> NDArray[np.float32]:
    lengths = np.full(-(-frames // hop), hop, np.float32)
    if frames % hop:
        lengths[-1] = frames % hop
    return lengths
