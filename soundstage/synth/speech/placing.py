"""Where lines can be spoken: beside the film's own dialogue, never over it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile

from soundstage.cuesheet import Cue, Line
from soundstage.synth.speech.lines import speech_cues

# Seconds kept clear before and after the film's own lines: a breath, so that one is not taken for an answer.
MARGIN = 0.25
# Seconds by which a line may be moved: about one shot. Further away it would speak of another picture.
REACH = 3.0
# The slow end of how audiobooks are read (150 to 160 words a minute); described films are read somewhat
# faster, at about 170 for a drama (Jankowska et al. 2017).
_WORDS_A_SECOND = 150 / 60
# Half a millisecond of two lines is no overlap; times that are reckoned are exact to a microsecond.
_TOUCH = 5e-4
_EXACT = 1e-6


@dataclass(frozen=True)
class Gap:
    """A stretch of the film, in seconds, in which nobody speaks."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds from start to end."""
        return self.end - self.start


@dataclass(frozen=True)
class Placed:
    """Where each given line is spoken (None: nowhere), and sentences for the user on those that were moved."""

    lines: tuple[Line | None, ...] = ()
    notes: tuple[str, ...] = ()


def gaps(dialogue: Sequence[Line], duration: float, margin: float = MARGIN) -> tuple[Gap, ...]:
    """The stretches of a film of `duration` seconds in which nobody speaks in its own sound, in order.

    Args:
        dialogue: its lines, in any order; they may overlap. Lines that do not last take no part.
        duration: of the film, in seconds.
        margin: seconds kept clear before and after each line.
    """
    return _between(_talk(dialogue, duration, margin), duration)


def room_for(gap: Gap) -> int:
    """How many words can be spoken in a gap at a calm pace of 150 a minute."""
    return int(gap.length * _WORDS_A_SECOND + _EXACT)


def place(lines: Sequence[Line], dialogue: Sequence[Line], duration: float) -> Placed:
    """Find each line a time at which it does not talk over the film's own dialogue.

    A line whose time is free stays. One that collides goes to the nearest gap that holds it within
    `REACH` seconds, as long as it stays in order and clear of the other lines (those it overlapped
    as given excepted); else it is left out.

    Args:
        lines: to be spoken, sorted by their start.
        dialogue: the lines of the film's own sound, in any order.
        duration: of the film, in seconds.
    """
    talk = _talk(dialogue, duration, MARGIN)
    quiet = _between(talk, duration)
    spots: list[Line | None] = [None if _collides(line, talk) else line for line in lines]
    reached = list(accumulate((line.end for line in lines), max))
    for number, line in enumerate(lines):
        if spots[number] is None:
            earliest, latest = _room(number, lines, spots, reached)
            spots[number] = _moved(line, earliest, latest, quiet, duration)
    return Placed(lines=tuple(spots), notes=tuple(_notes(lines, spots)))


def placed_cues(lines: Sequence[Line], placed: Placed, duration: float) -> tuple[Cue, ...]:
    """As `speech_cues`, of the lines where they were placed; ids are as if none had been left out."""
    return tuple(
        cue.model_copy(update={"start": line.start, "end": min(line.end, duration)})
        for cue, line in zip(speech_cues(lines, duration), placed.lines, strict=True)
        if line is not None
    )


def _talk(dialogue: Sequence[Line], duration: float, margin: float) -> list[Gap]:
    """When somebody speaks, with the margin, in order and without overlaps."""
    talk: list[Gap] = []
    for line in sorted((line for line in dialogue if line.end > line.start), key=lambda line: line.start):
        start = round(max(line.start - margin, 0.0), 6)
        end = round(min(line.end + margin, duration), 6)
        if talk and start <= talk[-1].end:
            talk[-1] = Gap(talk[-1].start, max(talk[-1].end, end))
        elif start < end:
            talk.append(Gap(start, end))
    return talk


def _between(talk: Sequence[Gap], duration: float) -> tuple[Gap, ...]:
    starts = [0.0, *(stretch.end for stretch in talk)]
    ends = [*(stretch.start for stretch in talk), duration]
    return tuple(Gap(start, end) for start, end in zip(starts, ends, strict=True) if end - start > _TOUCH)


def _collides(line: Line, talk: Sequence[Gap]) -> bool:
    following = bisect_right(talk, line.start + _TOUCH, key=lambda stretch: stretch.end)
    return following < len(talk) and talk[following].start < line.end - _TOUCH


def _room(
    number: int, lines: Sequence[Line], spots: Sequence[Line | None], reached: Sequence[float]
) -> tuple[float, float]:
    """The earliest and the latest start that the lines around leave to a line.

    Only lines so near that they can be met count; `reached` is how far the lines up to each one go.
    """
    line = lines[number]
    earliest, latest = line.start - REACH, line.start + REACH
    for other in takewhile(lambda n: reached[n] > line.start - 2 * REACH, range(number - 1, -1, -1)):
        if (spot := spots[other]) is not None:
            earliest = max(earliest, spot.end if _follows(line, lines[other]) else spot.start)
    for other in takewhile(lambda n: lines[n].start < line.end + REACH, range(number + 1, len(lines))):
        if (spot := spots[other]) is not None:
            latest = min(latest, spot.start - (line.end - line.start if _follows(lines[other], line) else 0.0))
    return earliest, latest


def _follows(line: Line, other: Line) -> bool:
    return line.start >= other.end - _TOUCH


def _moved(line: Line, earliest: float, latest: float, quiet: Sequence[Gap], duration: float) -> Line | None:
    """The line in the nearest gap that holds it, starting between `earliest` and `latest`."""
    length = min(line.end, duration) - line.start
    first = bisect_right(quiet, earliest, key=lambda gap: gap.end)
    starts: list[float] = []
    for gap in takewhile(lambda gap: gap.start <= latest, quiet[first:]):
        low, high = max(gap.start, earliest), min(gap.end - length, latest)
        if low <= high + _EXACT:
            starts.append(min(max(line.start, low), high))
    if not starts:
        return None
    nearest = min(starts, key=lambda start: abs(start - line.start))
    return line.model_copy(update={"start": round(nearest, 6), "end": round(nearest + length, 6)})


def _notes(lines: Sequence[Line], spots: Sequence[Line | None]) -> Iterator[str]:
    for number, (line, spot) in enumerate(zip(lines, spots, strict=True), start=1):
        if spot is None:
            yield (
                f"Line {number} at {line.start:.2f} s would talk over the film's own dialogue; "
                "remove the original sound to hear it, or give it another time."
            )
        elif spot is not line:
            yield (
                f"Line {number} was moved from {line.start:.2f} s to {spot.start:.2f} s, "
                "where it does not talk over the film's own dialogue."
            )
