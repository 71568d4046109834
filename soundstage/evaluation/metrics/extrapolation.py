"""The Fréchet distance that endless films would have, from few (Chong & Forsyth, "Effectively Unbiased FID", 2020).

A sample's distance is too large by a part that falls with one over the number of films. So it is taken of smaller
and smaller parts of the set, and the line through them, over one over the number, is followed to zero.
The line holds where the features outnumber their dimensions; with fewer, much of the bias is left (207 features of
2048 dimensions have a covariance of rank 206), which `straight` tells: compare such numbers only at equal counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from soundstage.evaluation.metrics.distances import Features, frechet_of
from soundstage.evaluation.metrics.measure import NotDefined

_SIZES = 8
_DRAWS = 6
_LEAST = 8


@dataclass(frozen=True)
class Extrapolated:
    """The distance at endlessly many films, at those there are, and how straight the line between them was.

    `straight`: whether the features of the smallest part outnumber their dimensions, as the line assumes.
    """

    value: float
    sample: float
    straight: bool


def extrapolated(made: Sequence[Features], truth: Sequence[Features], *, seed: int = 2020) -> Extrapolated:
    """Extrapolate the distance between two sets of features to endlessly many films.

    Args:
        made: of each film, its features (number, dimensions).
        truth: of the same films in the same order.
        seed: of the parts that are drawn.

    Raises:
        NotDefined: fewer than 8 films, or what `frechet_of` cannot compare.
    """
    films = len(made)
    if films < _LEAST:
        raise NotDefined(f"an extrapolation needs {_LEAST} films at least, not {films}")
    random = np.random.default_rng(seed)
    sizes = _sizes(films)
    means = [
        float(np.mean([_part(made, truth, random.permutation(films)[:size]) for _ in range(_DRAWS)])) for size in sizes
    ]
    sample = frechet_of(np.concatenate(made), np.concatenate(truth))
    # The line passes through the whole set, which no draw can miss: only its slope is fitted.
    over = 1 / np.array(sizes) - 1 / films
    slope = float(over @ (np.array(means) - sample) / (over @ over))
    rows = min(sum(map(len, made)), sum(map(len, truth))) * sizes[0] / films
    return Extrapolated(sample - slope / films, sample, straight=rows > made[0].shape[1])


def _sizes(films: int) -> list[int]:
    """Sizes from half of the films to nearly all, evenly spaced in one over the size."""
    inverse = np.linspace(2 / films, 1 / films, _SIZES + 1)[:-1]
    return sorted({max(2, round(1 / one)) for one in inverse} - {films})


def _part(made: Sequence[Features], truth: Sequence[Features], films: np.ndarray) -> float:
    return frechet_of(np.concatenate([made[n] for n in films]), np.concatenate([truth[n] for n in films]))
