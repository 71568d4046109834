"""Two systems beside each other on the same films, and a measure by category."""

from collections.abc import Callable, Collection, Mapping

import numpy as np

from soundstage.evaluation.cases import Record
from soundstage.evaluation.metrics.bootstrap import Drawn, Interval, Resampling, interval_of, interval_of_mean
from soundstage.evaluation.metrics.measure import Better, Measure, NotDefined

RESAMPLING = Resampling()


class Difference(Record):
    """By how much one system's metric is above another's, over the films that both have.

    `wins` is the share of films in which the first is better (a tie counts half); None where neither way is better,
    or films have no values of their own.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    better: Better | None = None
    unit: str = ""
    count: int = 0
    wins: float | None = None

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    @property
    def favours_first(self) -> bool | None:
        """Whether the first system is better; None where that is not sure or neither way is."""
        if not self.sure or self.better is None:
            return None
        return (self.value < 0) is (self.better == "lower")


def difference(first: Measure, second: Measure, resampling: Resampling = RESAMPLING) -> Difference:
    """First minus second, film by film, with an interval from films drawn in pairs.

    Raises:
        NotDefined: they share no film that has a value in both.
    """
    films = [film for film in first.films if film in second.films]
    if not films:
        raise NotDefined(f"the two systems share no film with a value of {first.name}")
    apart = [first.films[film] - second.films[film] for film in films]
    interval = interval_of_mean(apart, resampling)
    return _difference(first, float(np.mean(apart)), interval, len(films), _wins(apart, first.better))


def difference_of(
    like: Measure,
    first: Callable[[Drawn], float],
    second: Callable[[Drawn], float],
    films: int,
    resampling: Resampling = RESAMPLING,
) -> Difference:
    """First minus second for a metric of whole sets, such as a distance: both are taken of the same drawn films.

    Args:
        like: a measure of that name, unit and direction.
        first: the metric of the films whose indices it is given, for one system.
        second: the same for the other.
        films: how many films there are.
        resampling: how to draw.
    """
    everything = np.arange(films)
    value = first(everything) - second(everything)
    interval = interval_of(lambda drawn: first(drawn) - second(drawn), films, resampling, around=value)
    return _difference(like, value, interval, films, None)


def _difference(like: Measure, value: float, interval: Interval | None, count: int, wins: float | None) -> Difference:
    return Difference(
        name=like.name,
        value=value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        better=like.better,
        unit=like.unit,
        count=count,
        wins=wins,
    )


def _wins(apart: list[float], better: Better | None) -> float | None:
    if better is None:
        return None
    signs = np.sign(apart) * (-1 if better == "lower" else 1)
    return float(np.mean((signs + 1) / 2))


def by_category(
    measure: Measure, categories: Mapping[str, Collection[str]], resampling: Resampling = RESAMPLING
) -> dict[str, Measure]:
    """The mean of the films of each category, in order of name; a film may lie in several, or in none.

    Args:
        measure: one that has values by film.
        categories: those of each film by its id.
        resampling: for the intervals.
    """
    names = sorted({category for film in measure.films for category in categories.get(film, ())})
    return {
        name: _among(measure, {f for f in measure.films if name in categories.get(f, ())}, resampling) for name in names
    }


def _among(measure: Measure, films: Collection[str], resampling: Resampling) -> Measure:
    values = {film: value for film, value in measure.films.items() if film in films}
    return mean_measure(measure.name, values, measure.better, measure.unit, measure.note, resampling)


def mean_measure(
    name: str,
    films: Mapping[str, float],
    better: Better | None,
    unit: str = "",
    note: str = "",
    resampling: Resampling = RESAMPLING,
) -> Measure:
    """The mean of films' values with its interval; without a value where there are no films."""
    held = {film: value for film, value in films.items() if np.isfinite(value)}
    if not held:
        return Measure(name=name, value=None, better=better, unit=unit, note=note or "no film has a value")
    interval = interval_of_mean(list(held.values()), resampling)
    return Measure(
        name=name,
        value=float(np.mean(list(held.values()))),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        better=better,
        unit=unit,
        count=len(held),
        films=held,
        note=note,
    )
