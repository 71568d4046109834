"""How sure a number is: what it would be, had other films of the same kind been drawn (Efron's percentile bootstrap).

Whole films are drawn, never windows or frames, as those of one film are alike. The same count and seed always draw
the same films, so what two systems differ by is drawn in pairs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.metrics.measure import NotDefined

Drawn = NDArray[np.int64]
_LEAST_FILMS = 3


@dataclass(frozen=True)
class Resampling:
    """How many times films are drawn anew, by which seed, and the share of outcomes that an interval holds."""

    times: int = 1000
    seed: int = 2020
    share: float = 0.95

    def draws(self, films: int) -> Iterator[Drawn]:
        """Indices of films, as many as there are, with replacement; the same ones for the same count."""
        random = np.random.default_rng([self.seed, films])
        for _ in range(self.times):
            yield random.integers(0, films, films)


@dataclass(frozen=True)
class Interval:
    """From where to where a number may lie."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether it reaches over a value."""
        return self.low <= value <= self.high


def interval_of_mean(values: Sequence[float], resampling: Resampling) -> Interval | None:
    """That of the mean of films' values; None for fewer than 3 films, which tell nothing of others."""
    held = np.asarray(values, np.float64)
    return interval_of(lambda drawn: float(held[drawn].mean()), len(held), resampling)


def interval_of(
    statistic: Callable[[Drawn], float], films: int, resampling: Resampling, *, around: float | None = None
) -> Interval | None:
    """That of any statistic of the films whose indices it is given; None for fewer than 3 films.

    Args:
        statistic: may raise NotDefined for a draw, which is then left out.
        films: how many there are.
        resampling: how to draw.
        around: the value of the films as they are. Give it for a distance between sets: films that are drawn
            twice make a set poorer and its distance larger, and by that much the interval is moved back.
    """
    if films < _LEAST_FILMS:
        return None
    found = np.array(list(_defined(statistic, resampling.draws(films))))
    if len(found) < resampling.times / 2:
        return None
    tail = (1 - resampling.share) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    moved = 0.0 if around is None else around - float(np.median(found))
    return Interval(float(low) + moved, float(high) + moved)


def _defined(statistic: Callable[[Drawn], float], draws: Iterator[Drawn]) -> Iterator[float]:
    for drawn in draws:
        try:
            value = statistic(drawn)
        except NotDefined:
            continue
        if np.isfinite(value):
            yield value
