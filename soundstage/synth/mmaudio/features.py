"""What windows of a film show, as MMAudio's networks see it; the next is decoded while one is looked at."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from soundstage.footage import Footage, Picture
from soundstage.networks.desk import Desk
from soundstage.synth.mmaudio.stages import Seen, Segment
from soundstage.synth.mmaudio.variants import (
    FRAMES_PER_SECOND,
    PICTURES_PER_SECOND,
    SEGMENT,
    SEGMENT_FEATURES,
    SEGMENT_STEP,
    Lengths,
)

# Windows that lie decoded before it is their turn, of all cues together: each is up to 90 MB of a film's clips.
_AHEAD = 8

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Results by key, the longest unused forgotten first; what several threads want at once is worked out once."""

    def __init__(self, most: int) -> None:
        """Args: most: results kept."""
        self._most = most
        self._results: OrderedDict[Hashable, Future[Value]] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._results

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The result of a key; raises what `make` raised, which is not remembered."""
        with self._lock:
            known = self._results.get(key)
            is_mine = known is None
            result = known or self._results.setdefault(key, Future())
            self._results.move_to_end(key)
            while len(self._results) > self._most:
                self._results.popitem(last=False)
        if is_mine:
            self._make(key, result, make)
        return result.result()

    def _make(self, key: Hashable, result: Future[Value], make: Callable[[], Value]) -> None:
        try:
            result.set_result(make())
        except BaseException as problem:
            with self._lock:
                self._results.pop(key, None)
            result.set_exception(problem)


@dataclass(frozen=True)
class Shown:
    """The pictures of one window: those for CLIP, and segments of those for Synchformer."""

    pictures: tuple[Picture, ...]
    segments: tuple[Segment, ...]


def shown(footage: Footage, start: float, lengths: Lengths) -> Shown:
    """Decode the pictures of a window; only these, in one pass.

    Args:
        footage: the film's; where it ends, the last picture stays.
        start: film time in seconds.
        lengths: of the window.

    Raises:
        StorageError: the pictures cannot be read.
    """
    segments = lengths.sync // SEGMENT_FEATURES
    frames = SEGMENT + (segments - 1) * SEGMENT_STEP
    at = [np.arange(lengths.clip) / PICTURES_PER_SECOND, np.arange(frames) / FRAMES_PER_SECOND]
    times = np.union1d(*at)
    pictures = list(footage.pictures(start + times))
    for_clip, for_sync = ([pictures[place] for place in np.searchsorted(times, each)] for each in at)
    starts = range(0, segments * SEGMENT_STEP, SEGMENT_STEP)
    return Shown(tuple(for_clip), tuple(tuple(for_sync[first : first + SEGMENT]) for first in starts))


class Watching:
    """Looks at windows of films for many threads."""

    def __init__(
        self, pictures: Desk[Picture, Tensor], movements: Desk[Segment, Tensor], decoders: int, remembered: int
    ) -> None:
        """Start watching.

        Args:
            pictures: where CLIP looks at pictures.
            movements: where Synchformer looks at segments.
            decoders: windows decoded at a time.
            remembered: windows whose features are kept, 0.4 MB each in half precision, in main memory.
        """
        self._pictures = pictures
        self._movements = movements
        self._pool = ThreadPoolExecutor(decoders, thread_name_prefix="pictures")
        self._room = threading.Semaphore(_AHEAD)
        self._seen = Remembered[Seen](remembered)

    def watch(self, footage: Footage, starts: Sequence[float], seconds: float, lengths: Lengths) -> Iterator[Seen]:
        """Features of windows of one length, in order; while one is looked at, the next is decoded.

        Args:
            footage: the film's.
            starts: film time of each window, in seconds.
            seconds: that a window lasts.
            lengths: of a window.

        Raises:
            StorageError: the pictures cannot be read.
            MissingPart, BadModel: a network cannot be used.
        """
        keys = [(footage.identity(start, start + seconds), lengths) for start in starts]
        early: Future[Shown] | None = None
        try:
            for number, (start, key) in enumerate(zip(starts, keys, strict=True)):
                ready, early = early, None
                if number + 1 < len(starts) and keys[number + 1] not in self._seen:
                    early = self._begin(footage, starts[number + 1], lengths)
                yield self._features(key, footage, start, lengths, ready)
        finally:
            if early is not None:
                early.cancel()
                self._room.release()

    def _begin(self, footage: Footage, start: float, lengths: Lengths) -> "Future[Shown] | None":
        """Decode a window early if there is room for one more; if not, it is decoded when it is its turn."""
        if not self._room.acquire(blocking=False):
            return None
        return self._pool.submit(shown, footage, start, lengths)

    def _features(
        self, key: Hashable, footage: Footage, start: float, lengths: Lengths, ready: "Future[Shown] | None"
    ) -> Seen:
        def see() -> Seen:
            return self._see((ready or self._pool.submit(shown, footage, start, lengths)).result())

        try:
            return self._seen.get(key, see)
        finally:
            if ready is not None:
                self._room.release()

    def _see(self, decoded: Shown) -> Seen:
        clip = torch.stack(self._pictures.ask(decoded.pictures))
        sync = torch.cat(self._movements.ask(decoded.segments))
        return Seen(clip.cpu(), sync.cpu())
