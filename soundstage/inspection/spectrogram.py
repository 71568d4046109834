"""What sounds at which pitch over time: a bounded picture of any sound, computed while it streams by."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundstage import sound
from soundstage.sound import Block

LOWEST, HIGHEST = 40.0, 20_000.0
RANGE = 66.0
_CONTRAST = 1.7
_FINE, _COARSE = 2048, 4096
_BATCH = 256

Numbers = NDArray[np.float32]


def spectrogram(path: Path, columns: int, rows: int, duration: float) -> Numbers:
    """Picture of the first `duration` seconds, shape (rows, columns), lowest pitch first, values 0..1.

    Rows are spaced evenly in octaves from 40 Hz to 20 kHz, each the power of its band; 1 is the
    level that only 0.1 % of the picture exceed, 0 lies 66 dB below it, and what lies between is
    darkened so that what stands out is seen. A column that spans more
    than a window shows the loudest of what falls into it.

    Raises:
        BadSound: the file cannot be read.
    """
    rate = sound.facts(path).sample_rate
    window = _FINE if duration * rate / columns < _FINE / 2 else _COARSE
    bands = _bands(window, rows, rate)
    hann = np.hanning(window).astype(np.float32)
    power = np.zeros((columns, rows), np.float32)
    for numbers, windows in _windows(path, window, columns, round(duration * rate)):
        spectra = np.abs(np.fft.rfft(windows * hann, axis=-1)).astype(np.float32) ** 2
        np.maximum.at(power, numbers, spectra.mean(axis=1) @ bands)
    return _to_shades(power).T


def _windows(path: Path, window: int, columns: int, frames: int) -> Iterator[tuple[NDArray[np.int64], Numbers]]:
    """Batches of column numbers and their windows, shape (batch, channels, window)."""
    step = max(1, min(window, round(frames / columns)))
    numbers: list[int] = []
    pieces: list[Numbers] = []
    for middle, piece in _pieces(path, window, step):
        if middle >= frames:
            break
        numbers.append(min(columns - 1, middle * columns // frames))
        pieces.append(piece)
        if len(pieces) == _BATCH:
            yield np.array(numbers), np.stack(pieces)
            numbers, pieces = [], []
    if pieces:
        yield np.array(numbers), np.stack(pieces)


def _pieces(path: Path, window: int, step: int) -> Iterator[tuple[int, Numbers]]:
    """Windows every `step` frames with the frame of their middle; silence lies around the sound."""
    held: Block | None = None
    middle = 0
    for block in _with_silence_after(sound.read_blocks(path), window):
        if held is None:
            held = np.zeros((window // 2, block.shape[1]), np.float32)
        held = np.concatenate([held, block])
        start = 0
        while start + window <= len(held):
            yield middle, held[start : start + window].T
            start += step
            middle += step
        held = held[start:]


def _with_silence_after(blocks: Iterator[Block], window: int) -> Iterator[Block]:
    channels = 1
    for block in blocks:
        channels = block.shape[1]
        yield block
    yield np.zeros((window // 2, channels), np.float32)


def _bands(window: int, rows: int, rate: int) -> Numbers:
    """Share of each bin in each row, shape (bins, rows); rows narrower than a bin share it."""
    bins = np.arange(window // 2 + 1)
    width = rate / window
    edges = np.geomspace(LOWEST, HIGHEST, rows + 1) / width
    left = np.maximum(edges[:-1], bins[:, None] - 0.5)
    right = np.minimum(edges[1:], bins[:, None] + 0.5)
    shares: Numbers = np.maximum(right - left, 0).astype(np.float32)
    return shares


def _to_shades(power: Numbers) -> Numbers:
    loud = float(np.quantile(power, 0.999))
    if loud <= 0:
        return np.zeros_like(power)
    level = np.clip(1 + 10 * np.log10(power / loud + 1e-12) / RANGE, 0, 1)
    shades: Numbers = (level**_CONTRAST).astype(np.float32)
    return shades
