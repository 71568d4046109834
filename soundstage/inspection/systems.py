"""Where things go: a long film is drawn in several systems, as a score is, each a stretch of its time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from soundstage.cuesheet import Cue, CueSheet, Layer
from soundstage.reading import Keyframe, Shot

_LONGEST_LINE = 45.0
_LINES = (30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
_MOST_SYSTEMS = 12
# Shots down to this share of a picture's width keep a picture of their own.
_NARROWEST = 0.4
_TICKS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
LAYERS = tuple(Layer)


@dataclass(frozen=True)
class System:
    """The film from `start` to `end` seconds, drawn on a line as long as `end_of_line` - `start`."""

    start: float
    end: float
    end_of_line: float

    @property
    def seconds(self) -> float:
        """What the whole line lasts."""
        return self.end_of_line - self.start

    def overlaps(self, start: float, end: float) -> bool:
        """Whether a stretch of time is seen in this system."""
        return start < self.end and end > self.start


def systems(duration: float) -> tuple[System, ...]:
    """One line for a short film, else up to twelve of equal length; a very long film gets longer lines."""
    if duration <= _LONGEST_LINE:
        return (System(0.0, duration, duration),)
    line = next((line for line in _LINES if duration <= line * _MOST_SYSTEMS), duration / _MOST_SYSTEMS)
    count = max(1, -int(-(duration - 1e-6) // line))
    ends = [line * number for number in range(1, count)] + [duration]
    return tuple(System(n * line, end, max(end, (n + 1) * line)) for n, end in enumerate(ends))


def ticks(system: System, width: float, apart: float = 64.0) -> list[float]:
    """Round times at least `apart` units from each other on a line of `width` units."""
    step = next((s for s in _TICKS if s * width / system.seconds >= apart), system.seconds)
    first = -int(-system.start // step)
    return [n * step for n in range(first, int((system.end + 1e-6) // step) + 1)]


def layers_of(sheet: CueSheet | None) -> list[Layer]:
    """The layers that have cues, in the order of the mix."""
    present = {cue.layer for cue in sheet.cues()} if sheet else set()
    return [layer for layer in LAYERS if layer in present]


@dataclass(frozen=True)
class Placed:
    """A cue in its lane, counted from the top of its layer."""

    cue: Cue
    lane: int


def pack(cues: Sequence[Cue], reach: Sequence[float]) -> tuple[Placed, ...]:
    """Lay cues into as few lanes as they need.

    Args:
        cues: in any order.
        reach: for each cue the time up to which its bar and its words reach.
    """
    free: list[float] = []
    placed: dict[int, Placed] = {}
    for number in sorted(range(len(cues)), key=lambda n: (cues[n].start, -cues[n].end)):
        cue = cues[number]
        lane = next((n for n, since in enumerate(free) if since <= cue.start + 1e-6), len(free))
        free[lane : lane + 1] = [reach[number]]
        placed[number] = Placed(cue, lane)
    return tuple(placed[number] for number in range(len(cues)))


@dataclass(frozen=True)
class Cell:
    """A stretch of the film strip, and the keyframe that is seen in it."""

    start: float
    end: float
    frame: Keyframe


def cells(shots: Sequence[Shot], seconds: float) -> Iterator[Cell]:
    """Divide the film strip so that every picture gets about the room it needs.

    A shot that is long enough shows several of its keyframes, a shorter one its best. Runs of shots
    that are too short to be seen share one picture, that of the longest.

    Args:
        shots: in order, adjacent.
        seconds: what the width of a picture lasts.
    """
    run: list[Shot] = []
    for shot in shots:
        if shot.end - shot.start >= _NARROWEST * seconds:
            yield from _shared(run)
            yield from _divided(shot, seconds)
            run = []
            continue
        run.append(shot)
        if shot.end - run[0].start >= seconds:
            yield from _shared(run)
            run = []
    yield from _shared(run)


def _divided(shot: Shot, seconds: float) -> Iterator[Cell]:
    count = min(len(shot.keyframes), max(1, round((shot.end - shot.start) / seconds)))
    for number in range(count):
        start = shot.start + (shot.end - shot.start) * number / count
        end = shot.start + (shot.end - shot.start) * (number + 1) / count
        inside = [frame for frame in shot.keyframes if start <= frame.time < end] or shot.keyframes
        middle = (start + end) / 2
        nearest = {abs(frame.time - middle): frame for frame in inside}
        yield Cell(start, end, max(inside, key=_weight) if count == 1 else nearest[min(nearest)])


def _shared(run: Sequence[Shot]) -> Iterator[Cell]:
    seen = [shot for shot in run if shot.keyframes]
    if seen:
        longest = max(seen, key=lambda shot: shot.end - shot.start)
        yield Cell(run[0].start, run[-1].end, max(longest.keyframes, key=_weight))


def _weight(frame: Keyframe) -> float:
    return frame.weight
