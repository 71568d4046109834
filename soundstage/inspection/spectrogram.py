"""What sounds at which pitch over time: a bounded picture of any sound, computed while it streams by."""

import numpy as np
from numpy.typing import NDArray

from soundstage.sound import Block

LOWEST, HIGHEST = 40.0, 20_000.0
RANGE = 66.0
_CONTRAST = 1.7
_FINE, _COARSE = 2048, 4096
_BATCH = 128

Numbers = NDArray[np.float32]


class Spectrogram:
    """Picture of a sound of a known length; give it all blocks, then take `shades`.

    A column is one or more windows of 43 ms (85 ms when columns are longer than that); one that
    spans more sound than a window shows its beginning.
    """

    def __init__(self, columns: int, rows: int, frames: int, rate: int) -> None:
        """Args: columns, rows: size of the picture. frames, rate: how long the sound is, and its sample rate."""
        self._frames = max(frames, 1)
        self._window = _FINE if self._frames / columns < _FINE else _COARSE
        self._step = max(1, round(self._frames / columns))
        self._bands = _bands(self._window, rows, rate)
        self._hann = np.hanning(self._window).astype(np.float32)
        self._power = np.zeros((columns, rows), np.float32)
        self._pieces: list[Numbers] = []
        self._held: Block | None = None
        # The first window's middle is the first sample.
        self._start = -self._window // 2
        self._next = self._start
        self._middle = 0

    def add(self, block: Block) -> None:
        """Take the next block, shape (frames, channels)."""
        if self._held is None:
            self._held = np.zeros((self._window // 2, block.shape[1]), np.float32)
        self._held = np.concatenate([self._held, block])
        while self._next + self._window <= self._start + len(self._held) and self._next < self._frames:
            at = self._next - self._start
            self._pieces.append(self._held[at : at + self._window].T)
            self._next += self._step
            if len(self._pieces) == _BATCH:
                self._transform()
        done = min(self._next - self._start, len(self._held))
        self._held = self._held[done:]
        self._start += done

    def shades(self) -> Numbers:
        """The picture, shape (rows, columns), lowest pitch first, values 0..1.

        Rows are spaced evenly in octaves from 40 Hz to 20 kHz, each the power of its band. 1 is the
        level that only 0.1 % of the picture exceed, 0 lies 66 dB below it, and what lies between is
        darkened so that what stands out is seen.
        """
        if self._held is not None:
            self.add(np.zeros((self._window, self._held.shape[1]), np.float32))
        if self._pieces:
            self._transform()
        return _to_shades(self._power).T

    def _transform(self) -> None:
        windows = np.stack(self._pieces) * self._hann
        spectra = np.fft.rfft(windows, axis=-1)
        power = (spectra.real**2 + spectra.imag**2).sum(axis=1, dtype=np.float32)
        columns = (self._middle + self._step * np.arange(len(power))) * len(self._power) // self._frames
        np.maximum.at(self._power, np.minimum(columns, len(self._power) - 1), power @ self._bands)
        self._middle += self._step * len(power)
        self._pieces = []


def _bands(window: int, rows: int, rate: int) -> Numbers:
    """Share of each bin in each row, shape (bins, rows); rows narrower than a bin share it."""
    bins = np.arange(window // 2 + 1)
    edges = np.geomspace(LOWEST, HIGHEST, rows + 1) / (rate / window)
    left = np.maximum(edges[:-1], bins[:, None] - 0.5)
    right = np.minimum(edges[1:], bins[:, None] + 0.5)
    shares: Numbers = np.maximum(right - left, 0).astype(np.float32)
    return shares


def _to_shades(power: Numbers) -> Numbers:
    loud = float(np.quantile(power, 0.999)) or float(power.max())
    if loud <= 0:
        return np.zeros_like(power)
    level = np.clip(1 + 10 * np.log10(power / loud + 1e-12) / RANGE, 0, 1)
    shades: Numbers = (level**_CONTRAST).astype(np.float32)
    return shades
