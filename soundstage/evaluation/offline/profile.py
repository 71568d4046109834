"""One pass over a soundtrack: what the offline metrics need of it, 58 MB for an hour.

Files of any rate are brought to 48 kHz on the way; more than two channels are averaged into one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import rfft

from soundstage import sound
from soundstage.errors import BadSound
from soundstage.loudness import LoudnessMeter, gated
from soundstage.sound import SAMPLE_RATE, Block

RATE = 100
BANDS = 40
FLOOR = -100.0

_HOP = SAMPLE_RATE // RATE
_WINDOW = 2048
_LOWEST, _HIGHEST = 40.0, 16_000.0
_RISE = 2
_DEPTH = 60.0
_STEREO = 2
# Windows worked on at once: few enough for BLAS not to spread the product over threads.
_ROWS = 40


@dataclass(frozen=True)
class Profile:
    """What a soundtrack is like over time.

    `levels`: dBFS of the power in each mel band, (frames, 40), 100 frames a second, frame n around n / 100 s, not below
    -100. `steps`: K-weighted power of each 100 ms, summed over channels. `true_peak` in dBTP. `duration` in seconds.
    """

    duration: float
    levels: NDArray[np.float32]
    steps: NDArray[np.float64]
    true_peak: float

    @property
    def integrated(self) -> float:
        """Integrated loudness in LUFS (BS.1770); -inf for silence."""
        return gated(self.steps)

    @property
    def flux(self) -> NDArray[np.float64]:
        """How fast it rises: mean rise over the bands in dB within 20 ms, of what lies within 60 dB of the loudest."""
        if not len(self.levels):
            return np.zeros(0)
        held = np.maximum(self.levels, float(self.levels.max()) - _DEPTH)
        before = np.concatenate([np.full((_RISE, BANDS), held.min(), held.dtype), held])[: len(held)]
        rises: NDArray[np.float64] = np.maximum(0, held - before).mean(axis=1, dtype=np.float64)
        return rises


def profile_of(path: Path) -> Profile:
    """The profile of a sound file, streamed. Raises BadSound when it cannot be read."""
    return profile(house_blocks(path))


def profile(blocks: Iterator[Block]) -> Profile:
    """The profile of a stream of blocks at 48 kHz, (frames, channels), of one or two channels."""
    meter: LoudnessMeter | None = None
    spectrum = _Spectrum()
    frames = 0
    for block in blocks:
        meter = meter or LoudnessMeter(block.shape[1])
        meter.add(block)
        spectrum.add(block)
        frames += len(block)
    if meter is None:
        return Profile(0.0, np.zeros((0, BANDS), np.float32), np.zeros(0), float("-inf"))
    return Profile(frames / SAMPLE_RATE, spectrum.finish(frames), meter.steps, meter.true_peak)


def house_blocks(path: Path, start: float = 0.0, end: float | None = None) -> Iterator[Block]:
    """A sound file's blocks at 48 kHz with one or two channels, between two times (s). Raises BadSound."""
    facts = sound.facts(path)
    wanted = facts.frames if end is None else round(end * facts.sample_rate)
    left = max(0, wanted - round(start * facts.sample_rate))
    read = _first(sound.read_blocks(path, start=round(start * facts.sample_rate)), left)
    folded = (_folded(_finite(block, path)) for block in read)
    return folded if facts.sample_rate == SAMPLE_RATE else _resampled(folded, facts.sample_rate)


def _first(blocks: Iterator[Block], left: int) -> Iterator[Block]:
    for block in blocks:
        if left <= 0:
            return
        yield block[:left]
        left -= len(block)


def _finite(block: Block, path: Path) -> Block:
    if not np.isfinite(block).all():
        raise BadSound(f"{path} holds numbers that are not finite; make it again.")
    return block


def _folded(block: Block) -> Block:
    return block if block.shape[1] <= _STEREO else block.mean(axis=1, keepdims=True)


def _resampled(blocks: Iterator[Block], rate: int) -> Iterator[Block]:
    stream = None
    channels = 1
    for block in blocks:
        channels = block.shape[1]
        stream = stream or soxr.ResampleStream(rate, SAMPLE_RATE, channels, dtype="float32")
        yield stream.resample_chunk(block).reshape(-1, channels)
    if stream is not None:
        yield stream.resample_chunk(np.zeros((0, channels), np.float32), last=True).reshape(-1, channels)


class _Spectrum:
    """Band levels of a stream, a window around every 10 ms; silence lies around the stream."""

    def __init__(self) -> None:
        self._held: Block = np.zeros((0, 1), np.float32)
        self._found: list[NDArray[np.float32]] = []
        self._bands = mel_bands()
        # Divided by the window's power and by half of its length: a sine of full scale has -3 dB.
        self._hann = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
        self._scale = 2 / (float(np.sum(self._hann**2)) * _WINDOW)

    def add(self, block: Block) -> None:
        if not self._found and not len(self._held):
            self._held = np.zeros((_WINDOW // 2, block.shape[1]), np.float32)
        self._held = np.concatenate([self._held, block])
        count = (len(self._held) - _WINDOW) // _HOP + 1
        if count > 0:
            self._found.append(self._levels(self._held[: (count - 1) * _HOP + _WINDOW]))
            self._held = self._held[count * _HOP :]

    def finish(self, frames: int) -> NDArray[np.float32]:
        self.add(np.zeros((_WINDOW, self._held.shape[1]), np.float32))
        levels: NDArray[np.float32] = np.concatenate(self._found)[: -(-frames // _HOP)]
        return levels

    def _levels(self, block: Block) -> NDArray[np.float32]:
        power = np.mean([self._powers(channel) for channel in np.ascontiguousarray(block.T)], axis=0)
        levels: NDArray[np.float32] = (10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10)))).astype(np.float32)
        return levels

    def _powers(self, channel: NDArray[np.float32]) -> NDArray[np.float32]:
        windows = sliding_window_view(channel, _WINDOW)[::_HOP]
        parts = [self._banded(windows[at : at + _ROWS]) for at in range(0, len(windows), _ROWS)]
        return np.concatenate(parts) * self._scale

    def _banded(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        lines = rfft(windows * self._hann, axis=1)
        banded: NDArray[np.float32] = np.asarray(lines.real**2 + lines.imag**2, np.float32) @ self._bands
        return banded


def band_centres() -> NDArray[np.float64]:
    """The middle of each band in hertz."""
    return _corners()[1:-1]


def mel_bands() -> NDArray[np.float32]:
    """Triangles that overlap by half, evenly spaced in mels (2595 log10(1 + f / 700)), (lines, 40); they sum to 1."""
    lines = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)[:, None]
    corners = _corners()
    rising = (lines - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - lines) / (corners[2:] - corners[1:-1])
    triangles: NDArray[np.float32] = np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)
    return triangles


def _corners() -> NDArray[np.float64]:
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (_LOWEST, _HIGHEST))
    corners: NDArray[np.float64] = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    return corners
