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
    outline = waveform(path, buckets)
    return np.stack([outline.low, outline.high], axis=1)


def waveform(path: Path, buckets: int, duration: float | None = None) -> Waveform:
    """Outline of the first `duration` seconds (default: all) of a sound file; what it lacks is silence."""
    facts = sound.facts(path)
    frames = facts.frames if duration is None else round(duration * facts.sample_rate)
    edges = np.linspace(0, max(frames, 1), buckets + 1).round().astype(np.int64)
    gathered = _Buckets(edges)
    for block in sound.read_blocks(path):
        if not gathered.add(block):
            break
    return gathered.outline()


class _Buckets:
    def __init__(self, edges: NDArray[np.int64]) -> None:
        self._edges = edges
        self._at = 0
        count = len(edges) - 1
        self._low = np.full(count, np.inf, np.float32)
        self._high = np.full(count, -np.inf, np.float32)
        self._energy = np.zeros(count)

    def add(self, block: Block) -> bool:
        """Take the next block; False when all buckets are full."""
        start, end = self._at, min(self._at + len(block), int(self._edges[-1]))
        self._at = end
        if end <= start:
            return False
        part = block[: end - start]
        # Buckets that this block touches and that are not empty.
        first, last = np.searchsorted(self._edges, [start, end - 1], side="right") - 1
        touched = np.arange(first, last + 1)
        touched = touched[self._edges[touched + 1] > self._edges[touched]]
        begins = np.maximum(self._edges[touched] - start, 0)
        self._low[touched] = np.minimum(self._low[touched], np.minimum.reduceat(part.min(axis=1), begins))
        self._high[touched] = np.maximum(self._high[touched], np.maximum.reduceat(part.max(axis=1), begins))
        power = np.einsum("fc,fc->f", part, part) / part.shape[1]
        self._energy[touched] += np.add.reduceat(power, begins)
        return bool(end < self._edges[-1])

    def outline(self) -> Waveform:
        sizes = np.maximum(np.diff(self._edges), 1)
        silent = ~np.isfinite(self._low)
        low, high = np.where(silent, 0, self._low), np.where(silent, 0, self._high)
        return Waveform(
            low.astype(np.float32), high.astype(np.float32), np.sqrt(self._energy / sizes).astype(np.float32)
        )
