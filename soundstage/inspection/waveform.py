"""The outline of a sound: lowest and highest sample and the energy of each of so many buckets, streamed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundstage import sound
from soundstage.sound import Block

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Waveform:
    """One value per bucket: lowest and highest sample of all channels, and root mean square."""

    low: Numbers
    high: Numbers
    rms: Numbers


def waveform_peaks(path: Path, buckets: int) -> Numbers:
    """Lowest and highest sample of each bucket of a sound file, shape (buckets, 2).

    Args:
        path: any sound file.
        buckets: how many equal stretches the sound is cut into, at least 1.

    Raises:
        BadSound: the file cannot be read.
    """
    outline = Outline(buckets, sound.facts(path).frames)
    for block in sound.read_blocks(path):
        outline.add(block)
    waveform = outline.waveform()
    return np.stack([waveform.low, waveform.high], axis=1)


class Outline:
    """Gathers the waveform of a sound of a known length; give it all blocks, then take `waveform`."""

    def __init__(self, buckets: int, frames: int) -> None:
        """Args: frames: of the whole sound; what comes later is left out, what is missing is silence."""
        self._edges = np.linspace(0, max(frames, 1), buckets + 1).round().astype(np.int64)
        self._at = 0
        self._low = np.full(buckets, np.inf, np.float32)
        self._high = np.full(buckets, -np.inf, np.float32)
        self._energy = np.zeros(buckets)
        self._channels = 1

    def add(self, block: Block) -> None:
        """Take the next block, shape (frames, channels)."""
        start, end = self._at, min(self._at + len(block), int(self._edges[-1]))
        if end <= start:
            return
        self._at, self._channels = end, block.shape[1]
        first, last = np.searchsorted(self._edges, [start, end - 1], side="right") - 1
        touched = np.arange(first, last + 1)
        # Empty buckets (more buckets than samples) have nothing to gather.
        touched = touched[self._edges[touched + 1] > self._edges[touched]]
        # Channels lie side by side, so the samples of a bucket are one run of numbers.
        samples = np.ascontiguousarray(block[: end - start]).reshape(-1)
        begins = np.maximum(self._edges[touched] - start, 0) * self._channels
        self._low[touched] = np.minimum(self._low[touched], np.minimum.reduceat(samples, begins))
        self._high[touched] = np.maximum(self._high[touched], np.maximum.reduceat(samples, begins))
        self._energy[touched] += np.add.reduceat(samples * samples, begins)

    def waveform(self) -> Waveform:
        """What was gathered; buckets without samples are silent."""
        sizes = np.maximum(np.diff(self._edges), 1) * self._channels
        silent = ~np.isfinite(self._low)
        low, high = np.where(silent, 0, self._low), np.where(silent, 0, self._high)
        rms = np.sqrt(self._energy / sizes)
        return Waveform(low.astype(np.float32), high.astype(np.float32), rms.astype(np.float32))
