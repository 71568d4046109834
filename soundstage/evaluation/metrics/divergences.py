"""What a sound classifier makes of soundtracks: KL against the reference, and the Inception Score.

Both are av-benchmark's, on the softmax of a classifier's raw logits (those of PANNs are meant for a sigmoid;
the softmax of them is what published numbers are of).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from soundstage.evaluation.metrics.measure import NotDefined

Logits = NDArray[np.floating]
_Floats = NDArray[np.float64]

SPLITS = 10
SEED = 2020


def divergences(made: Logits, truth: Logits) -> _Floats:
    """KL(truth || made) of each pair, from logits (pairs, classes) in the same order; the published number is the mean.

    Raises:
        NotDefined: no pairs, or sets of unlike shape.
    """
    if made.shape != truth.shape or made.ndim != 2 or not len(made):
        raise NotDefined(
            f"KL needs as many logits of the reference as of the made sound, not {truth.shape} and {made.shape}"
        )
    heard, wanted = (log_softmax(np.asarray(logits, np.float64), axis=1) for logits in (made, truth))
    each: _Floats = (np.exp(wanted) * (wanted - heard)).sum(axis=1)
    return each


@dataclass(frozen=True)
class Inception:
    """An Inception Score: mean and spread over its splits, and the highest that it could be."""

    mean: float
    spread: float
    ceiling: float


def inception(logits: Logits, splits: int = SPLITS, seed: int = SEED) -> Inception:
    """The exponential of the mean KL from each item's classes to those of all, over splits of a fixed permutation.

    A split of n items of k classes can score min(n, k) at most: 20 items in 10 splits can reach 2, whatever they are.
    With one split the order plays no part, and the ceiling is as high as the number of items allows.

    Args:
        logits: (items, classes), in the order in which the items lie in the cache: the permutation depends on it.
        splits: av-benchmark takes 10.
        seed: of the permutation.

    Raises:
        NotDefined: fewer items than splits.
    """
    count = len(logits)
    if count < splits or not count:
        raise NotDefined(f"an Inception Score in {splits} splits needs {splits} items at least, not {count}")
    order = np.random.RandomState(seed).permutation(count)
    levels = log_softmax(np.asarray(logits, np.float64)[order], axis=1)
    edges = [split * count // splits for split in range(splits + 1)]
    parts = [levels[start:end] for start, end in pairwise(edges)]
    scores = [_score(part) for part in parts]
    return Inception(float(np.mean(scores)), float(np.std(scores)), float(np.mean([min(part.shape) for part in parts])))


def _score(levels: _Floats) -> float:
    overall = logsumexp(levels, axis=0) - np.log(len(levels))
    return float(np.exp((np.exp(levels) * (levels - overall)).sum(axis=1).mean()))
