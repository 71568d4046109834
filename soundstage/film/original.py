"""The film's own sound as one file: 48 kHz stereo, beginning with the first picture and as long as the film.

It is written while the film is decoded, in a thread of its own. When the film turns out to end is
known only when its last picture has come, so the writer follows the pictures and never runs ahead.
"""

import math
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundstage.sound import SAMPLE_RATE, Block, frames_of, write_blocks

LEVEL_STEP = 0.1
_STEP_FRAMES = round(LEVEL_STEP * SAMPLE_RATE)
# Times within this of where the samples stand are rounding of the container's clock, not a gap.
_SLACK = 0.04
_SILENCE = np.zeros((SAMPLE_RATE, 2), np.float32)
_FLOOR = -70.0


@dataclass
class FilmClock:
    """What the reader of the pictures tells the writer of the sound, in seconds of ffmpeg time.

    `start` is the time of the first picture; `reached` that of the latest; `end` is set when all are read.
    `sound_end` is what the writer tells back: where the film's own sound ended.
    """

    start: float = math.nan
    reached: float = -math.inf
    end: float = math.nan
    sound_end: float = -math.inf
    _ended: threading.Event = field(default_factory=threading.Event)

    def finish(self, end: float) -> None:
        """Tell the end of the last picture; NaN when there was none."""
        self.end = end
        self._ended.set()

    def wait(self) -> None:
        """Wait until `finish` was called."""
        self._ended.wait()


@dataclass(frozen=True)
class SoundLevels:
    """Mean power of the film's own sound in steps of 100 ms."""

    power: NDArray[np.float32]

    def between(self, start: float, end: float) -> float | None:
        """Level of a part in dB, on the scale of LUFS but unweighted; None when it is silent."""
        first = int(start / LEVEL_STEP)
        part = self.power[first : max(first + 1, math.ceil(end / LEVEL_STEP))]
        mean = float(part.mean()) if len(part) else 0.0
        level = -0.691 + 10 * math.log10(mean) if mean > 0 else -math.inf
        return round(level, 2) if level > _FLOOR else None


def write_original(path: Path, timed: Iterable[tuple[float, Block]], clock: FilmClock) -> SoundLevels:
    """Write the sound as 24-bit FLAC, aligned and cut to the film.

    Args:
        path: the file to write.
        timed: blocks (frames, 2) with their times.
        clock: the pictures' times; the last block is only written once the film's end is known.

    Raises:
        StorageError: the disk is full or the path cannot be written.
    """
    levels: list[NDArray[np.float32]] = []
    write_blocks(path, _measured(_fitted(timed, clock), levels), channels=2)
    return SoundLevels(power=np.concatenate(levels) if levels else np.zeros(0, np.float32))


def _fitted(timed: Iterable[tuple[float, Block]], clock: FilmClock) -> Iterator[Block]:
    """Exactly the film's length of sound: gaps and the end filled with silence, what is outside left out."""
    waiting: deque[tuple[float, Block]] = deque()
    written = 0
    for item in timed:
        waiting.append(item)
        clock.sound_end = _end_of(item)
        while waiting and not math.isnan(clock.start) and _end_of(waiting[0]) <= clock.reached:
            for block in _placed(*waiting.popleft(), written, clock.start):
                written += len(block)
                yield block
    clock.wait()
    if math.isnan(clock.end):
        return
    length = frames_of(clock.end - clock.start)
    for time, block in waiting:
        for piece in _placed(time, block, written, clock.start):
            kept = piece[: max(0, length - written)]
            written += len(kept)
            yield kept
    yield from _silence(length - written)


def _end_of(item: tuple[float, Block]) -> float:
    return item[0] + len(item[1]) / SAMPLE_RATE


def _placed(time: float, block: Block, written: int, start: float) -> Iterator[Block]:
    """The block where its time says, given what is written: silence before it, or its beginning left out."""
    gap = frames_of(time - start) - written
    if abs(gap) <= _SLACK * SAMPLE_RATE and written:
        gap = 0
    if gap > 0:
        yield from _silence(gap)
    rest = block[-gap:] if gap < 0 else block
    if len(rest):
        yield rest


def _silence(frames: int) -> Iterator[Block]:
    while frames > 0:
        yield _SILENCE[:frames]
        frames -= SAMPLE_RATE


def _measured(blocks: Iterable[Block], levels: list[NDArray[np.float32]]) -> Iterator[Block]:
    """Pass the blocks on and note their power, summed over both channels, in steps."""
    rest = np.zeros(0, np.float32)
    for block in blocks:
        yield block
        power = np.concatenate([rest, np.einsum("fc,fc->f", block, block)])
        whole = len(power) // _STEP_FRAMES * _STEP_FRAMES
        if whole:
            levels.append(power[:whole].reshape(-1, _STEP_FRAMES).mean(axis=1))
        rest = power[whole:]
    if len(rest):
        levels.append(np.array([rest.mean()], np.float32))
