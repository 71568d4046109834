"""The kernel distance over films: its kernel is summed once for each pair of them, so that they can be drawn often."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.metrics.bootstrap import Drawn
from soundstage.evaluation.metrics.distances import Features, kernel
from soundstage.evaluation.metrics.measure import NotDefined

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class KernelSums:
    """Sums of the kernel between all features of two films, (films, films): among what was made, the truth, across.

    `made_self` and `truth_self` are those of each feature with itself, by film; the counts are features by film.
    """

    made: _Floats
    truth: _Floats
    across: _Floats
    made_self: _Floats
    truth_self: _Floats
    made_counts: NDArray[np.int64]
    truth_counts: NDArray[np.int64]

    @classmethod
    def of(cls, made: Sequence[Features], truth: Sequence[Features]) -> Self:
        """Of each film, its features (number, dimensions); one film at a time is laid against all."""
        return cls(
            made=_sums(made, made),
            truth=_sums(truth, truth),
            across=_sums(made, truth),
            made_self=_selves(made),
            truth_self=_selves(truth),
            made_counts=np.array([len(film) for film in made]),
            truth_counts=np.array([len(film) for film in truth]),
        )

    def distance(self, drawn: Drawn) -> float:
        """The unbiased distance over films by their indices. Raises NotDefined for fewer than two features."""
        m, n = int(self.made_counts[drawn].sum()), int(self.truth_counts[drawn].sum())
        if min(m, n) < 2:
            raise NotDefined(f"it needs two items at least, not {min(m, n)}")
        pairs = np.ix_(drawn, drawn)
        made = (self.made[pairs].sum() - self.made_self[drawn].sum()) / (m * (m - 1))
        truth = (self.truth[pairs].sum() - self.truth_self[drawn].sum()) / (n * (n - 1))
        return float(made + truth - 2 * self.across[pairs].sum() / (m * n))


def _sums(first: Sequence[Features], second: Sequence[Features]) -> _Floats:
    everything = np.concatenate(second).astype(np.float64)
    starts = np.cumsum([0, *(len(film) for film in second[:-1])])
    rows = [np.add.reduceat(kernel(film.astype(np.float64), everything).sum(axis=0), starts) for film in first]
    return np.asarray(rows, np.float64)


def _selves(films: Sequence[Features]) -> _Floats:
    return np.array([float(np.sum((np.mean(film.astype(np.float64) ** 2, axis=1) + 1) ** 3)) for film in films])
