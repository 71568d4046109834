"""The mix before mastering, kept on disk, with what was measured of it on the way."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from soundstage.loudness import STEP_FRAMES, LoudnessMeter
from soundstage.mix.files import writing
from soundstage.sound import Block

_FRAME_BYTES = 8


class Premaster:
    """The mix before mastering: float32 stereo in an unnamed file, which the system removes by itself."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: on a disk with room for 23 MB a minute. Raises StorageError."""
        self._folder = folder
        with writing(folder):
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._meter = LoudnessMeter()
        self._tops: list[NDArray[np.float32]] = []
        self._rest = np.zeros(0, np.float32)
        self.frames = 0

    def add(self, block: Block) -> None:
        """Append a block."""
        with writing(self._folder):
            self._file.write(np.ascontiguousarray(block).data)
        self._meter.add(block)
        self._note_tops(block)
        self.frames += len(block)

    def blocks(self, frames: int, start: int = 0, end: int | None = None) -> Iterator[Block]:
        """What lies between two frames again (all of it), in blocks."""
        at, end = start, self.frames if end is None else min(end, self.frames)
        with writing(self._folder):
            self._file.flush()
            self._file.seek(start * _FRAME_BYTES)
            while at < end and (data := self._file.read(min(frames, end - at) * _FRAME_BYTES)):
                block = np.frombuffer(data, np.float32).reshape(-1, 2)
                at += len(block)
                yield block

    def read(self, start: int, end: int) -> Block:
        """The frames from `start` up to `end`; silence lies around the mix."""
        sound = np.zeros((end - start, 2), np.float32)
        at = max(start, 0)
        for block in self.blocks(end - at, at, end):
            sound[at - start : at - start + len(block)] = block
        return sound

    @property
    def loudness(self) -> float:
        """Integrated loudness in LUFS; -inf when nothing passes the gate."""
        return self._meter.integrated

    @property
    def true_peak(self) -> float:
        """Highest level in dBTP."""
        return self._meter.true_peak

    @property
    def steps(self) -> NDArray[np.float64]:
        """K-weighted power of each whole 100 ms."""
        return self._meter.steps

    @property
    def tops(self) -> NDArray[np.float32]:
        """The highest sample of each 100 ms, over both channels; the last may be shorter."""
        rest = [self._rest.max(keepdims=True)] if len(self._rest) else []
        return np.concatenate([*self._tops, *rest, np.zeros(0, np.float32)])

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()

    def _note_tops(self, block: Block) -> None:
        sides = np.concatenate([self._rest, np.maximum(np.abs(block[:, 0]), np.abs(block[:, 1]))])
        whole = len(sides) // STEP_FRAMES * STEP_FRAMES
        self._tops.append(sides[:whole].reshape(-1, STEP_FRAMES).max(axis=1))
        self._rest = sides[whole:]
