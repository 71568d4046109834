"""The moving pictures of a film, by film time: what a model that watches is shown.

Any stretch can be asked for. Only the files it lies in are opened, and only from the key picture before it, and no
more than one decoded picture is held; the time of a picture is its own timestamp, whatever the frame rate.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from soundstage.cuesheet import digest
from soundstage.errors import StorageError
from soundstage.reading import Shot

Picture = NDArray[np.uint8]

# Times are rounded on their way through documents; no two pictures are as near to each other as this (seconds).
_NEAR = 0.0005
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Reel:
    """A file of pictures that shows the film from `start` to `end` (seconds of film time).

    `lead` is the file's own time of the picture at `start`, counted from its first one.
    """

    path: Path
    start: float
    end: float
    lead: float = 0.0


class Footage:
    """The pictures of a film, from its reels. Safe to ask from several threads: every call opens its own files."""

    def __init__(self, reels: Sequence[Reel]) -> None:
        """Args: reels: in order, not overlapping, at least one; a gap shows the picture before it."""
        if not reels:
            raise ValueError("footage needs at least one reel")
        self._reels = tuple(reels)
        self._starts = [reel.start for reel in reels]

    @classmethod
    def of_clips(cls, folder: Path, shots: Sequence[Shot]) -> Self | None:
        """Footage from the proxy clips of a film's shots.

        Args:
            folder: the reading's, which the clips' names are relative to.
            shots: the film's; those without a clip, or whose clip was not brought here, are a gap.

        Returns:
            The footage, None where the film was read without clips.
        """
        clips = [(folder / shot.clip, shot) for shot in shots if shot.clip]
        reels = [Reel(clip, shot.start, shot.end) for clip, shot in clips if clip.exists()]
        return cls(reels) if reels else None

    @property
    def end(self) -> float:
        """Film time at which the last picture ends, in seconds."""
        return self._reels[-1].end

    def pictures(self, times: NDArray[np.float64]) -> Iterator[Picture]:
        """The picture that is shown at each time, upright, as RGB of shape (height, width, 3).

        Before the first picture the first is given, after the last the last. A picture that is shown at
        several of the times is the same array each time: do not write into it.

        Args:
            times: film time in seconds, ascending.

        Raises:
            StorageError: a reel cannot be read.
        """
        for number, group in groupby(times.tolist(), self._reel_at):
            yield from _shown(self._reels[number], list(group))

    def identity(self, start: float, end: float) -> str:
        """Digest of what is seen from `start` to `end` (seconds of film time).

        Raises:
            StorageError: a reel cannot be read.
        """
        first, last = self._reel_at(start), self._reel_at(max(start, end - _NEAR))
        seen = [(_digest_of(reel.path), round(start - reel.start, 4)) for reel in self._reels[first : last + 1]]
        return digest([seen, round(end - start, 4)])

    def _reel_at(self, time: float) -> int:
        return max(0, bisect_right(self._starts, time + _NEAR) - 1)


def _shown(reel: Reel, times: Sequence[float]) -> Iterator[Picture]:
    """What one reel shows at the times."""
    try:
        with av.open(f"file:{reel.path}") as file:  # else a colon in a folder's name would make it an address
            yield from _at(_decoded(file, max(0.0, times[0] - reel.start + reel.lead)), reel, times)
    except (av.FFmpegError, OSError) as error:
        raise StorageError(f"The pictures in {reel.path} cannot be read ({error}); read the film again.") from error


def _at(frames: Iterator[tuple[float, VideoFrame]], reel: Reel, times: Sequence[float]) -> Iterator[Picture]:
    shown, ahead = next(frames, None), next(frames, None)
    if shown is None:
        raise StorageError(f"{reel.path} shows nothing at {times[0]:.2f} s; read the film again.")
    picture: Picture | None = None
    for time in times:
        wanted = time - reel.start + reel.lead + _NEAR
        while ahead is not None and ahead[0] <= wanted:
            shown, ahead, picture = ahead, next(frames, None), None
        if picture is None:
            picture = _colours(shown[1])
        yield picture


def _colours(frame: VideoFrame) -> Picture:
    return frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


def _decoded(file: InputContainer, time: float) -> Iterator[tuple[float, VideoFrame]]:
    """Pictures with their times since the file's first one, from the last that can be begun with before `time`."""
    track = file.streams.video[0]
    track.codec_context.thread_count = 1  # several windows are decoded side by side
    first = (track.start_time or 0) * float(track.time_base or 1)
    file.seek(int((time + first) / float(track.time_base or 1)), stream=track, backward=True)
    for frame in file.decode(track):
        if frame.time is not None:
            yield frame.time - first, frame


def _digest_of(path: Path) -> str:
    try:
        state = path.stat()
    except OSError as error:
        raise StorageError(f"The pictures in {path} cannot be read ({error.strerror}); read the film again.") from error
    return _digest_as_it_is(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _digest_as_it_is(path: Path, size: int, changed: int) -> str:
    del size, changed  # they tell one state of the file from another
    whole = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
    return whole.hexdigest()
