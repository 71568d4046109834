"""What every picture is boiled down to: a thumbnail on disk, a few numbers in memory.

Nothing here grows by more than some tens of bytes a picture; thumbnails, which later steps compare
over whole shots, lie in a temporary file.
"""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundstage.film.frames import COLUMNS, ROWS, Pictures
from soundstage.sound import Block

_CHROMA_ROWS, _CHROMA_COLUMNS = 9, 16
_LUMA = ROWS * COLUMNS
_RECORD = _LUMA + 2 * _CHROMA_ROWS * _CHROMA_COLUMNS
COLOUR_GAP = 0.2
_LUMA_EDGES = np.array([60, 110, 165])
_CHROMA_EDGES = np.array([104, 121, 136, 153])
COLOUR_BINS = (len(_LUMA_EDGES) + 1) * (len(_CHROMA_EDGES) + 1) ** 2
# Studio swing: black is 16, white 235; colour differences reach 112 from the middle.
_BLACK, _SWING, _CHROMA_SWING = 16.0, 219.0, 112.0

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


class Thumbnails:
    """All pictures as 64 by 36 luma and 16 by 9 colour differences, in a temporary file."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: where the nameless temporary file is made."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by close()
        self._count = 0

    def __len__(self) -> int:
        """How many pictures were added."""
        return self._count

    def add(self, luma: Bytes, chroma: Bytes) -> None:
        """Append pictures: luma (n, 36, 64), chroma (n, 2, 9, 16)."""
        count = len(luma)
        self._file.write(np.concatenate([luma.reshape(count, -1), chroma.reshape(count, -1)], axis=1).tobytes())
        self._count += count

    def read(self, first: int, end: int) -> tuple[Floats, Floats]:
        """Pictures first..end: luma (n, 36, 64), and vectors (n, 864) of 32 by 18 luma and 16 by 9 colour."""
        self._file.seek(first * _RECORD)
        raw = self._file.read((end - first) * _RECORD)
        records = np.frombuffer(raw, np.uint8).reshape(-1, _RECORD)
        luma = records[:, :_LUMA].reshape(-1, ROWS, COLUMNS).astype(np.float32)
        vectors = [shrunk(luma, 2).reshape(len(luma), -1), records[:, _LUMA:].astype(np.float32)]
        return luma, np.concatenate(vectors, axis=1)

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()


@dataclass(frozen=True)
class Looks:
    """Per picture: time, brightness, saturation and texture (0..1). Per sample: its time and colour histogram."""

    times: NDArray[np.float64]
    brightness: Floats
    saturation: Floats
    texture: Floats
    colour_times: NDArray[np.float64]
    colours: Block

    def mean_colour(self, start: float, end: float) -> tuple[float, ...]:
        """Mean histogram of a part, of unit sum."""
        first, last = np.searchsorted(self.colour_times, [start, end])
        last = max(last, first + 1)
        first = min(first, len(self.colours) - 1)
        mean = self.colours[first:last].mean(axis=0)
        return tuple(round(float(share), 5) for share in mean / max(1e-9, mean.sum()))


class Looker:
    """Takes pictures as they come and keeps what is needed of them."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        """Args: thumbnails: where the thumbnails go."""
        self._thumbnails = thumbnails
        self._rows: list[NDArray[np.float64]] = []
        self._colour_times: list[float] = []
        self._colours: list[Floats] = []

    def add(self, pictures: Pictures, luma: Floats) -> None:
        """Take the next pictures; `luma` (n, 36, 64) is theirs as numbers to reckon with."""
        chroma = shrunk(pictures.chroma.astype(np.float32), 4)
        # Rounded, not cut off: half a step less on every picture would add up over a comparison.
        self._thumbnails.add(pictures.luma, (chroma + 0.5).astype(np.uint8))
        brightness = (luma.mean(axis=(1, 2)) - _BLACK) / _SWING
        saturation = np.hypot(chroma[:, 0] - 128, chroma[:, 1] - 128).mean(axis=(1, 2)) / _CHROMA_SWING
        steps = np.abs(np.diff(luma, axis=2)).mean(axis=(1, 2)) + np.abs(np.diff(luma, axis=1)).mean(axis=(1, 2))
        rows = np.stack([pictures.times, brightness, saturation, steps / 64], axis=1)
        rows[:, 1:] = np.clip(rows[:, 1:], 0, 1)
        self._rows.append(rows)
        for number, time in enumerate(pictures.times):
            if not self._colour_times or time >= self._colour_times[-1] + COLOUR_GAP - 1e-3:
                self._colour_times.append(float(time))
                self._colours.append(_colour_histogram(luma[number], pictures.chroma[number]))

    def looks(self, start: float) -> Looks:
        """All that was seen, with times from `start`."""
        rows = np.concatenate(self._rows)
        return Looks(
            times=rows[:, 0] - start,
            brightness=rows[:, 1].astype(np.float32),
            saturation=rows[:, 2].astype(np.float32),
            texture=rows[:, 3].astype(np.float32),
            colour_times=np.array(self._colour_times) - start,
            colours=np.stack(self._colours),
        )


def shrunk(planes: Floats, factor: int) -> Floats:
    """Planes (..., rows, columns) smaller by a whole factor, by the mean of each square."""
    rows, columns = planes.shape[-2:]
    # Two small matrix products take a fifth of the time of numpy's mean over short axes.
    return np.asarray(_means(rows, factor) @ planes @ _means(columns, factor).T, np.float32)


@cache
def _means(size: int, factor: int) -> Floats:
    """The matrix (size / factor, size) that takes the mean of every `factor` neighbours."""
    return np.asarray(np.kron(np.eye(size // factor), np.full(factor, 1 / factor)), np.float32)


def _colour_histogram(luma: Floats, chroma: Bytes) -> Floats:
    """Joint histogram of luma and both colour differences, of unit sum; finer near grey, where most colours lie."""
    across = len(_CHROMA_EDGES) + 1
    bins = np.searchsorted(_LUMA_EDGES, luma.ravel()) * across * across
    bins += np.searchsorted(_CHROMA_EDGES, chroma[0].ravel()) * across
    bins += np.searchsorted(_CHROMA_EDGES, chroma[1].ravel())
    return (np.bincount(bins, minlength=COLOUR_BINS) / bins.size).astype(np.float32)
