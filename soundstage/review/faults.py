"""Clipping and clicks, found while the sound streams by.

A click is one to three samples that break out of the neighbourhood and leave no decay behind: a
lost sample, a bad join. A gunshot breaks out too, but its neighbourhood rings on, so it is none.
"""

import numpy as np
from numpy.typing import NDArray

from soundstage.sound import Block

Numbers = NDArray[np.intp]

_FULL_SCALE = 0.9999
_CLIPPED_RUN = 3
_CLICK_FLOOR = 0.003
_CLICK_RATIO = 6.0
_CORE = 4
_NEIGHBOURHOOD = 48
_PIECE = 16
_CONTEXT = 2 * (_NEIGHBOURHOOD + _PIECE)
_MOST = 1000


class ClipFinder:
    """Finds samples in runs of three or more at full scale; `first` is the frame of the first run."""

    def __init__(self) -> None:
        self.count = 0
        self.first: int | None = None
        self._tail: Block | None = None
        self._at = 0

    def add(self, block: Block) -> None:
        """Take the next block, shape (frames, channels)."""
        joined = block if self._tail is None else np.concatenate([self._tail, block])
        hot = np.abs(joined) >= _FULL_SCALE
        if hot.any() and len(joined) >= _CLIPPED_RUN:
            runs = hot[:-2] & hot[1:-1] & hot[2:]
            self._note(np.flatnonzero(runs.any(axis=1)), len(joined) - len(block))
        self._at += len(block)
        self._tail = joined[1 - _CLIPPED_RUN :]

    def _note(self, runs: Numbers, held: int) -> None:
        self.count += len(runs)
        if self.first is None and len(runs):
            self.first = self._at - held + int(runs[0])


class ClickFinder:
    """Finds clicks by the second difference, which a lost sample or a step makes leap.

    A click is at least six times as high as all that lies 5 to 48 samples (0.1 to 1 ms at 48 kHz)
    before and after it, and at least 0.003 of full scale.
    """

    def __init__(self) -> None:
        self._found: list[tuple[int, float]] = []
        self._tail: Block | None = None
        self._at = 0

    def add(self, block: Block) -> None:
        """Take the next block, shape (frames, channels)."""
        joined = block if self._tail is None else np.concatenate([self._tail, block])
        if len(joined) > _CONTEXT and len(self._found) < _MOST:
            for channel in np.ascontiguousarray(joined.T):
                bend = np.abs(channel[:-2] - 2 * channel[1:-1] + channel[2:])
                self._search(bend, self._at - (len(joined) - len(block)) + 1)
        self._at += len(block)
        self._tail = joined[-_CONTEXT:]

    def clicks(self, peak: float) -> list[int]:
        """Frames of the clicks that are at least a fiftieth of the sound's peak, each once, in order."""
        frames = sorted({frame for frame, size in self._found if size >= peak / 50})
        return [f for n, f in enumerate(frames) if n == 0 or f - frames[n - 1] > _CORE]

    def _search(self, bend: Block, offset: int) -> None:
        pieces = bend[: len(bend) // _PIECE * _PIECE].reshape(-1, _PIECE)
        tops = np.maximum.reduceat(bend[: pieces.size], np.arange(0, pieces.size, _PIECE))
        around = np.maximum(tops[:-4], tops[4:])
        suspects = 2 + np.flatnonzero((tops[2:-2] > _CLICK_FLOOR) & (tops[2:-2] > _CLICK_RATIO * around))
        for piece in suspects[:_MOST]:
            at = int(piece) * _PIECE + int(pieces[piece].argmax())
            if _stands_alone(bend, at):
                self._found.append((offset + at, float(bend[at])))


def _stands_alone(bend: Block, at: int) -> bool:
    before = bend[max(0, at - _NEIGHBOURHOOD) : at - _CORE]
    after = bend[at + _CORE + 1 : at + _NEIGHBOURHOOD]
    if not len(before) or not len(after):
        return False
    return bool(bend[at] > _CLICK_RATIO * max(before.max(), after.max()))
