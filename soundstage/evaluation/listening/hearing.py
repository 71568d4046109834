"""What listeners said: un-blinded, in means with intervals, and which differences are likely more than chance.

Intervals come from drawing listeners and films anew, both at once ("pigeonhole bootstrap", Owen, Annals of Applied
Statistics 2007), as ratings of one listener, or of one film, are alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from soundstage.errors import BadBench
from soundstage.evaluation.cases import Record
from soundstage.evaluation.documents import read_document
from soundstage.evaluation.listening.documents import ANCHOR, REFERENCE, Answers, Key, Rated, Scale, Trial

_TIMES: Final = 2000
_ERROR: Final = 0.05
_KNOWN_BY: Final = 4
_MOST_MISSED: Final = 0.15

_Table = NDArray[np.float64]


class Opinion(Record):
    """The mean rating of a system on a scale, with its 95 % interval; `count` is how many ratings there are."""

    system: str
    scale: Scale
    mean: float
    low: float
    high: float
    count: int


class Preference(Record):
    """By how much one system is rated above another on a scale, film by film and listener by listener.

    The interval is so wide that, over all pairs of a scale, one in twenty tests is wrong; `sure` when it leaves out 0.
    """

    first: str
    second: str
    scale: Scale
    mean: float
    low: float
    high: float
    sure: bool


class Heard(Record):
    """What a test found. `doubtful` are listeners who did not know the hidden reference for good in 15 % of films."""

    test: str
    listeners: int
    doubtful: tuple[str, ...]
    opinions: tuple[Opinion, ...]
    preferences: tuple[Preference, ...]


def read_answers(paths: Sequence[Path], key: Key) -> tuple[Answers, ...]:
    """Listeners' answers from their files; of one listener's two files the later counts.

    Raises:
        StorageError: a file cannot be read.
        BadBench: it holds no answers, or answers to another test.
    """
    found: dict[str, Answers] = {}
    for path in paths:
        answers = read_document(path, Answers)
        _check(answers, key, path)
        before = found.get(answers.listener)
        if before is None or before.finished <= answers.finished:
            found[answers.listener] = answers
    return tuple(found.values())


def evaluate_answers(answers: Sequence[Answers], key: Key, *, screen: bool = False) -> Heard:
    """Means, differences and doubtful listeners.

    Args:
        answers: of the listeners.
        key: tells who made what.
        screen: leave doubtful listeners out (ITU-R BS.1534, post-screening).

    Raises:
        BadBench: nobody is left to have said anything.
    """
    doubtful = tuple(each.listener for each in answers if _is_doubtful(each, key))
    counted = [each for each in answers if not (screen and each.listener in doubtful)]
    if not counted:
        raise BadBench("There are no answers to evaluate; give the files that listeners saved.")
    opinions, preferences = [], []
    for scale in Scale:
        tables = _tables(counted, key, scale)
        opinions += [_opinion(system, scale, table) for system, table in tables.items()]
        preferences += list(_preferences(scale, tables))
    return Heard(
        test=key.test,
        listeners=len(counted),
        doubtful=doubtful,
        opinions=tuple(opinions),
        preferences=tuple(preferences),
    )


def _check(answers: Answers, key: Key, path: Path) -> None:
    if answers.test != key.test:
        raise BadBench(f"{path} answers the test {answers.test}, not {key.test}; give the key of that test.")
    known = {(trial.id, label) for trial in key.trials for label in trial.systems}
    for rated in answers.ratings:
        if (rated.trial, rated.label) not in known:
            raise BadBench(f"{path} rates {rated.trial} {rated.label}, which the test does not hold; save it again.")


def _is_doubtful(answers: Answers, key: Key) -> bool:
    trials = {trial.id: trial for trial in key.trials}
    hidden = [rated.overall for rated in answers.ratings if _system(rated, trials) == REFERENCE]
    return bool(hidden) and float(np.mean(np.array(hidden) < _KNOWN_BY)) > _MOST_MISSED


def _tables(answers: Sequence[Answers], key: Key, scale: Scale) -> dict[str, _Table]:
    """Of each system the ratings (listeners, films); NaN where there is none."""
    trials = {trial.id: trial for trial in key.trials}
    places = {trial: place for place, trial in enumerate(trials)}
    systems = dict.fromkeys(name for trial in key.trials for name in sorted(trial.systems.values()))
    tables = {system: np.full((len(answers), len(trials)), np.nan) for system in systems}
    for row, each in enumerate(answers):
        for rated in each.ratings:
            tables[_system(rated, trials)][row, places[rated.trial]] = rated.of(scale)
    return {system: table for system, table in tables.items() if np.isfinite(table).any()}


def _system(rated: Rated, trials: Mapping[str, Trial]) -> str:
    return trials[rated.trial].systems[rated.label]


def _opinion(system: str, scale: Scale, table: _Table) -> Opinion:
    low, high = _interval(table, _ERROR)
    mean = float(np.nanmean(table))
    return Opinion(system=system, scale=scale, mean=mean, low=low, high=high, count=int(np.isfinite(table).sum()))


def _preferences(scale: Scale, tables: Mapping[str, _Table]) -> Iterator[Preference]:
    pairs = list(combinations([name for name in tables if name not in (REFERENCE, ANCHOR)], 2))
    for first, second in pairs:
        apart = tables[first] - tables[second]
        if not np.isfinite(apart).any():
            continue
        low, high = _interval(apart, _ERROR / len(pairs))
        mean = float(np.nanmean(apart))
        sure = not low <= 0 <= high
        yield Preference(first=first, second=second, scale=scale, mean=mean, low=low, high=high, sure=sure)


def _interval(table: _Table, error: float) -> tuple[float, float]:
    """From drawing rows and columns anew; the same table gives the same interval."""
    listeners, films = table.shape
    draw = np.random.default_rng([listeners, films])
    rows = draw.multinomial(listeners, np.full(listeners, 1 / listeners), _TIMES)
    columns = draw.multinomial(films, np.full(films, 1 / films), _TIMES)
    there = np.isfinite(table)
    counts = ((rows @ there) * columns).sum(axis=1)
    sums = ((rows @ np.where(there, table, 0.0)) * columns).sum(axis=1)
    low, high = np.quantile(sums[counts > 0] / counts[counts > 0], [error / 2, 1 - error / 2])
    return float(low), float(high)
