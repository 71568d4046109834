"""A film of any length as one overview: summed up in stretches, and these again, until one is left.

No question is longer than `_MOST_PARTS` descriptions of bounded length, whatever the film's; the stretches of one level
are summed up at the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from soundstage.agents.llm import told
from soundstage.agents.llm.answers import OverviewAnswer
from soundstage.agents.llm.desk import Desk, Question
from soundstage.agents.roles import ShotScript
from soundstage.cuesheet import Moment, Overview
from soundstage.reading import FilmFacts

_Each = TypeVar("_Each")
_MOST_PARTS = 40
_MOST_MOMENTS = 60


@dataclass(frozen=True)
class _Part:
    """A stretch of the film, summed up."""

    start: float
    end: float
    text: str
    timeline: tuple[Moment, ...] = ()


def sum_up(desk: Desk, facts: FilmFacts, scripts: Sequence[ShotScript]) -> Overview:
    """The overview of a film from the captions of its shots.

    Args:
        desk: where the Scriptwriter's model is asked.
        facts: of the film.
        scripts: all shots with their captions, in order.
    """
    parts = [_Part(s.shot.start, s.shot.end, s.caption.summary or s.caption.background) for s in scripts]
    while True:
        groups = grouped(parts, _MOST_PARTS)
        answers = desk.ask_all([_question(facts, group) for group in groups])
        parts = [_joined(group, answer) for group, answer in zip(groups, answers, strict=True)]
        if len(parts) == 1:
            return Overview(summary=parts[0].text, timeline=parts[0].timeline)


def grouped(parts: Sequence[_Each], most: int) -> list[Sequence[_Each]]:
    """As few groups of neighbours as may be, of at most `most` and nearly equal size."""
    count = -(-len(parts) // most)
    borders = [round(number * len(parts) / count) for number in range(count + 1)]
    return [parts[a:b] for a, b in pairwise(borders)]


def _question(facts: FilmFacts, parts: Sequence[_Part]) -> Question[OverviewAnswer]:
    stretches = [{**told.span(part.start, part.end), "what happens": part.text} for part in parts]
    material = {"film lasts": round(facts.duration, 2), "stretches": stretches}
    return Question("scriptwriter_part", OverviewAnswer, material)


def _joined(parts: Sequence[_Part], answer: OverviewAnswer) -> _Part:
    start, end = parts[0].start, parts[-1].end
    finer = tuple(moment for part in parts for moment in part.timeline)
    return _Part(start, end, answer.summary, finer if 0 < len(finer) <= _MOST_MOMENTS else _own(answer, start, end))


def _own(answer: OverviewAnswer, start: float, end: float) -> tuple[Moment, ...]:
    """The answer's timeline, each entry lasting until the next begins: the stretches that it sums up leave no gap."""
    told_of = {moment.start: moment.text for moment in told.as_overview(answer, start, end).timeline}
    texts = list(told_of.values()) or [answer.summary]
    borders = [start, *list(told_of)[1:], end]
    return tuple(Moment(start=a, end=b, text=text) for (a, b), text in zip(pairwise(borders), texts, strict=True))
