"""From features by film to measures: every metric of this package with its interval, and why where there is none.

The same functions serve the published numbers and those over the whole length: give one row a film for the first,
as many rows a film as there are windows for the second.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.metrics import agreement, divergences
from soundstage.evaluation.metrics.bootstrap import Drawn, Interval, Resampling, interval_of
from soundstage.evaluation.metrics.comparing import RESAMPLING, mean_measure
from soundstage.evaluation.metrics.distances import Gaussian, frechet, frechet_of
from soundstage.evaluation.metrics.extrapolation import extrapolated
from soundstage.evaluation.metrics.kernels import KernelSums
from soundstage.evaluation.metrics.measure import Better, Measure, NotDefined, undefined
from soundstage.evaluation.metrics.windows import FilmFeatures, in_pairs, rows, side_by_side

OF_SETS = Resampling(times=200)
"""Draws for metrics of whole sets, each of which takes a matrix decomposition."""

_Rows = Sequence[NDArray[np.floating]]
_FEW = "a value at endlessly many films, but with fewer features than dimensions: compare at equal counts only"
_SQUARED = "a squared discrepancy without bias: where there is none, it falls as often below zero as above"


def fd(name: str, made: FilmFeatures, truth: FilmFeatures, resampling: Resampling = OF_SETS) -> Measure:
    """The Fréchet distance to the letter, over all rows of all films that both have."""

    def measured() -> Measure:
        films, first, second = in_pairs(made, truth)
        value = frechet(Gaussian.of(np.concatenate(first)), Gaussian.of(np.concatenate(second)))
        interval = interval_of(frechet_among(first, second), len(films), resampling, around=value)
        return _measure(name, value, interval, "lower", len(films))

    return _or_why(name, "lower", measured)


def fd_unbiased(name: str, made: FilmFeatures, truth: FilmFeatures) -> Measure:
    """The Fréchet distance extrapolated to endlessly many films."""

    def measured() -> Measure:
        films, first, second = in_pairs(made, truth)
        found = extrapolated(first, second)
        return _measure(name, found.value, None, "lower", len(films), "" if found.straight else _FEW)

    return _or_why(name, "lower", measured)


def kd(name: str, made: FilmFeatures, truth: FilmFeatures, resampling: Resampling = OF_SETS) -> Measure:
    """The kernel distance, unbiased at any number of films."""

    def measured() -> Measure:
        films, first, second = in_pairs(made, truth)
        sums = KernelSums.of(first, second)
        value = sums.distance(np.arange(len(films)))
        interval = interval_of(sums.distance, len(films), resampling, around=value)
        return _measure(name, value, interval, "lower", len(films), _SQUARED)

    return _or_why(name, "lower", measured)


def frechet_among(made: _Rows, truth: _Rows) -> Callable[[Drawn], float]:
    """The distance as a statistic of drawn films, for intervals and for differences of two systems."""

    def among(drawn: Drawn) -> float:
        return frechet_of(np.concatenate([made[n] for n in drawn]), np.concatenate([truth[n] for n in drawn]))

    return among


def kl(name: str, made: FilmFeatures, truth: FilmFeatures, resampling: Resampling = RESAMPLING) -> Measure:
    """The mean KL of films, each the mean over its windows."""
    return _paired(name, made, truth, divergences.divergences, "lower", resampling)


def similarity(name: str, first: FilmFeatures, second: FilmFeatures, resampling: Resampling = RESAMPLING) -> Measure:
    """The mean cosine of films, each the mean over its windows: IB-score and CLAP scores."""
    return _paired(name, first, second, agreement.cosines, "higher", resampling)


def inception(
    name: str, made: FilmFeatures, splits: int = divergences.SPLITS, resampling: Resampling = OF_SETS
) -> Measure:
    """The Inception Score over all rows, in the films' own order, with the ceiling that their number sets."""

    def measured() -> Measure:
        logits = [rows(features) for features in made.values()]
        if not logits:
            raise NotDefined("there are no films")
        found = divergences.inception(np.concatenate(logits), splits)

        def among(drawn: Drawn) -> float:
            return divergences.inception(np.concatenate([logits[n] for n in drawn]), splits).mean

        interval = interval_of(among, len(logits), resampling, around=found.mean)
        return _measure(name, found.mean, interval, "higher", len(logits), f"could reach {found.ceiling:.4g} here")

    return _or_why(name, "higher", measured)


def desync(name: str, windows: Mapping[str, NDArray[np.floating]], resampling: Resampling = RESAMPLING) -> Measure:
    """DeSync (s), from each film's logits (windows, 21).

    The value is the mean over all windows of all films. With two windows a film, as av-benchmark has, that is
    the mean over films, too.
    """

    def measured() -> Measure:
        films = {film: agreement.desync([logits]) for film, logits in windows.items() if len(logits)}
        value = agreement.desync(windows.values())
        by_film = mean_measure(name, films, "lower", "s", resampling=resampling)
        return (
            by_film
            if len({len(logits) for logits in windows.values()}) == 1
            else _pooled(by_film, value, windows, resampling)
        )

    return _or_why(name, "lower", measured, "s")


def _pooled(
    by_film: Measure, value: float, windows: Mapping[str, NDArray[np.floating]], resampling: Resampling
) -> Measure:
    held = [logits for logits in windows.values() if len(logits)]
    interval = interval_of(lambda drawn: agreement.desync([held[n] for n in drawn]), len(held), resampling)
    ends = {"low": interval.low, "high": interval.high} if interval else {"low": None, "high": None}
    return by_film.model_copy(update={"value": value, **ends})


def _paired(
    name: str,
    made: FilmFeatures,
    truth: FilmFeatures,
    each: Callable[[NDArray[np.floating], NDArray[np.floating]], NDArray[np.float64]],
    better: Better,
    resampling: Resampling,
) -> Measure:
    def measured() -> Measure:
        films, first, second = in_pairs(made, truth)
        pairs = zip(films, first, second, strict=True)
        values = {film: float(each(*side_by_side(a, b)).mean()) for film, a, b in pairs}
        return mean_measure(name, values, better, resampling=resampling)

    return _or_why(name, better, measured)


def _measure(name: str, value: float, interval: Interval | None, better: Better, count: int, note: str = "") -> Measure:
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Measure(name=name, value=value, low=low, high=high, better=better, count=count, note=note)


def _or_why(name: str, better: Better, measured: Callable[[], Measure], unit: str = "") -> Measure:
    try:
        return measured()
    except NotDefined as reason:
        return undefined(name, str(reason), better, unit)
