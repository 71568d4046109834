"""Which films are looked at closely: a typical one, and those that systems do worst on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from soundstage.evaluation.metrics.measure import Measure
from soundstage.evaluation.report.glossary import term
from soundstage.evaluation.report.tables import written
from soundstage.evaluation.scoring.scores import Scores

_WORST: Final = 3


@dataclass(frozen=True)
class Chosen:
    """A film, and why it was chosen."""

    film: str
    why: str


@dataclass(frozen=True)
class Worst:
    """The films on which a system does worst by a measure, worst first, each with its value as it is written."""

    measure: str
    system: str
    films: tuple[tuple[str, str], ...]


def main_measures(scores: Scores) -> tuple[str, ...]:
    """Those that films are judged by, in the order they were taken; all of them where none is a main one."""
    names = scores.names()
    return tuple(name for name in names if term(name).main) or names


def worst_films(scores: Scores, most: int = _WORST) -> tuple[Worst, ...]:
    """By each main measure, each system's worst films."""
    return tuple(
        Worst(term(name).title, system.system, _told(measure, most))
        for name in main_measures(scores)
        for system in scores.systems
        if (measure := system.measure(name)) is not None and measure.worst(most)
    )


def chosen_films(scores: Scores, most: int) -> tuple[Chosen, ...]:
    """A typical film, then the worst ones of the first system, measure by measure, and then of the others."""
    found: dict[str, Chosen] = {}
    for chosen in (*_typical(scores), *_worst_first(scores)):
        found.setdefault(chosen.film, chosen)
    return tuple(found.values())[:most]


def _typical(scores: Scores) -> Iterator[Chosen]:
    for name in main_measures(scores):
        measure = scores.systems[0].measure(name) if scores.systems else None
        if measure is not None and measure.films:
            ordered = sorted(measure.films, key=lambda film: (measure.films[film], film))
            middle = ordered[len(ordered) // 2]
            yield Chosen(middle, f"a typical film: in the middle of all by {term(name).title}")
            return


def _worst_first(scores: Scores) -> Iterable[Chosen]:
    """First every main measure's worst film of the first system, then of the next."""
    by_system = [
        [
            Chosen(measure.worst(1)[0], _why(name, system.system, measure))
            for name in main_measures(scores)
            if (measure := system.measure(name)) is not None and measure.worst(1)
        ]
        for system in scores.systems
    ]
    first, others = by_system[:1], by_system[1:]
    yield from (chosen for each in first for chosen in each)
    yield from (chosen for row in zip_longest(*others) for chosen in row if chosen is not None)


def _why(name: str, system: str, measure: Measure) -> str:
    film = measure.worst(1)[0]
    return f"the worst of {system} by {term(name).title}: {_value(measure, film)}"


def _told(measure: Measure, most: int) -> tuple[tuple[str, str], ...]:
    return tuple((film, _value(measure, film)) for film in measure.worst(most))


def _value(measure: Measure, film: str) -> str:
    return f"{written(measure.films[film])} {measure.unit}".strip()
