"""From soundtracks that were heard to measures with intervals, each with its films' values."""

from collections.abc import Sequence

from soundstage.evaluation.metrics.bootstrap import Resampling
from soundstage.evaluation.metrics.comparing import RESAMPLING, mean_measure
from soundstage.evaluation.metrics.measure import Measure, undefined
from soundstage.evaluation.metrics.measuring import fd, fd_unbiased
from soundstage.evaluation.offline.gauges import FD_MEL, FD_MEL_UNBIASED, GAUGES, Gauge
from soundstage.evaluation.offline.listening import Heard


def offline_measures(heard: Sequence[Heard], resampling: Resampling = RESAMPLING) -> tuple[Measure, ...]:
    """All offline metrics over films, in the order of a report; those without a value say what they need."""
    return (*(_mean(gauge, heard, resampling) for gauge in GAUGES), *_distances(heard))


def _mean(gauge: Gauge, heard: Sequence[Heard], resampling: Resampling) -> Measure:
    films = {film.film: film.values[gauge.key] for film in heard if gauge.key in film.values}
    if not films:
        why = f"no film has {gauge.needs}" if gauge.needs else "no film is long and loud enough"
        return undefined(gauge.name, why, gauge.better, gauge.unit)
    return mean_measure(gauge.name, films, gauge.better, gauge.unit, resampling=resampling)


def _distances(heard: Sequence[Heard]) -> tuple[Measure, Measure]:
    made = {film.film: film.features for film in heard if len(film.features)}
    truth = {film.film: film.reference for film in heard if film.reference is not None and len(film.reference)}
    if not truth:
        why = "no film has a reference sound"
        return undefined(FD_MEL, why, "lower"), undefined(FD_MEL_UNBIASED, why, "lower")
    return fd(FD_MEL, made, truth), fd_unbiased(FD_MEL_UNBIASED, made, truth)
