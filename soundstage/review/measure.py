"""One pass over a take: everything the checks need, in numbers whose size hardly grows with the take."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import rfft

from soundstage import sound
from soundstage.loudness import LoudnessMeter
from soundstage.review.faults import ClickFinder, ClipFinder
from soundstage.sound import Block, SoundFacts

LEVELS_PER_SECOND = 100
_WINDOW = 4096
_MOST_WINDOWS = 1400


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
    measurement = Measurement(sound.facts(path))
    for block in sound.read_blocks(path):
        measurement.add(block)
    return measurement.result()


class Measurement:
    """Measures a take while it streams by, so that what is being written need not be read again."""

    def __init__(self, facts: SoundFacts) -> None:
        """Args: facts: of the take; of its length it is enough to know it roughly."""
        self._facts = facts
        self._hop = max(1, facts.sample_rate // LEVELS_PER_SECOND)
        self._meter = LoudnessMeter(facts.channels)
        self._clips, self._clicks = ClipFinder(), ClickFinder()
        self._spectrum = _Spectrum(facts.channels, facts.frames)
        self._rest: Block = np.zeros((0, facts.channels), np.float32)
        self._powers: list[NDArray[np.float32]] = []
        self._peak, self._total, self._frames = 0.0, np.zeros(facts.channels), 0

    def passing(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks, measured on their way."""
        for block in blocks:
            self.add(block)
            yield block

    def add(self, block: Block) -> None:
        """Take the next block, shape (frames, channels)."""
        joined = np.concatenate([self._rest, block]) if len(self._rest) else block
        whole = len(joined) // self._hop * self._hop
        self._rest = joined[whole:]
        if whole:
            self._measure(joined[:whole])

    def result(self) -> Measured:
        """What was measured, once all blocks were given."""
        if len(self._rest):
            self._measure(self._rest)
        rate = self._facts.sample_rate
        return Measured(
            frames=self._frames,
            channels=self._facts.channels,
            sample_rate=rate,
            loudness=self._meter.integrated,
            peak=self._peak,
            true_peak=self._meter.true_peak,
            offset=float(np.abs(self._total).max() / self._frames) if self._frames else 0.0,
            powers=np.concatenate([*self._powers, np.zeros(0, np.float32)]),
            frequencies=np.fft.rfftfreq(_WINDOW, 1 / rate).astype(np.float64),
            spectrum=self._spectrum.power,
            clipped=self._clips.count,
            first_clipped=(self._clips.first or 0) / rate,
            clicks=tuple(frame / rate for frame in self._clicks.clicks(self._peak)),
        )

    def _measure(self, block: Block) -> None:
        for part in (self._meter, self._clips, self._clicks, self._spectrum):
            part.add(block)
        self._peak = max(self._peak, float(np.abs(block).max()))
        self._total += np.ones(len(block), np.float32) @ block
        self._powers.append(_powers(block, self._hop))
        self._frames += len(block)


class _Spectrum:
    """Mean power spectrum of Hann windows of 85 ms: all of a take up to a minute, samples of a longer one."""

    def __init__(self, channels: int, frames: int) -> None:
        self.power: NDArray[np.float64] = np.zeros(_WINDOW // 2 + 1)
        self._density = _MOST_WINDOWS / max(frames, 1)
        self._hann = np.hanning(_WINDOW).astype(np.float32)
        self._tail: Block = np.zeros((_WINDOW // 2, channels), np.float32)

    def add(self, block: Block) -> None:
        joined = np.concatenate([self._tail, block])
        missing = _WINDOW - len(joined)
        if missing > 0:
            joined = np.pad(joined, ((0, missing), (0, 0)))
        last = len(joined) - _WINDOW
        count = max(1, min(round(self._density * len(block)), 1 + last // (_WINDOW // 2)))
        first, step = (0, max(1, last // (count - 1))) if count > 1 else (last // 2, 1)
        channels = sliding_window_view(np.ascontiguousarray(joined.T), _WINDOW, axis=1)
        lines = rfft(channels[:, first::step][:, :count] * self._hann)
        parts = lines.reshape(-1, lines.shape[-1]).view(np.float32)
        power = np.einsum("wp,wp->p", parts, parts)
        self.power += power[::2] + power[1::2]
        self._tail = joined[-_WINDOW // 2 :]


def _powers(block: Block, hop: int) -> NDArray[np.float32]:
    rows = block.reshape(-1, min(hop, len(block)) * block.shape[1])
    return np.asarray(np.einsum("rf,rf->r", rows, rows) / np.float32(rows.shape[1]), np.float32)
