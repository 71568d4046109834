"""Scores systems on a bench: hears all their soundtracks, several at a time, and puts the measures together."""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from soundstage.errors import BadBench
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.metrics.bootstrap import Resampling
from soundstage.evaluation.metrics.comparing import by_category
from soundstage.evaluation.metrics.measure import Measure
from soundstage.evaluation.offline.listening import Heard
from soundstage.evaluation.offline.measuring import offline_measures
from soundstage.evaluation.processes import processes
from soundstage.evaluation.report.media import has_reference
from soundstage.evaluation.scoring.digests import digest_of, versions
from soundstage.evaluation.scoring.networks import BEGINNING, Networks, no_networks
from soundstage.evaluation.scoring.scores import REFERENCE, Measures, Scores, SystemScores
from soundstage.evaluation.scoring.tracks import Track, listen, read_motion, tracks_of
from soundstage.evaluation.systems.lengths import seconds_of
from soundstage.evaluation.systems.results import Failure, Result, Results

READINGS: Final = "readings"

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")
_Outcomes = Mapping[str, Sequence[Heard | Failure]]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Scoring:
    """How it is measured: by which seed films are drawn anew, how often, and how many soundtracks are heard at once."""

    seed: int = 2020
    resamples: int = 1000
    workers: int | None = None

    @property
    def resampling(self) -> Resampling:
        """How intervals are drawn."""
        return Resampling(times=self.resamples, seed=self.seed)


def score(
    bench: Bench,
    systems: Sequence[Results],
    folder: Path,
    scoring: Scoring | None = None,
    networks: Networks = no_networks,
    progress: Progress = lambda fraction: None,
) -> Scores:
    """Score systems on a bench; the same results give the same scores.

    Args:
        bench: the films, their reference sound and what is known of them.
        systems: what was made.
        folder: keeps what is read off the films, so that it is read once.
        scoring: how it is measured.
        networks: measures by networks, where their weights are here.
        progress: told the fraction that is done.

    Raises:
        BadBench: there is no system, or two of one name.
        StorageError: a file cannot be read, or the folder written.
    """
    how = scoring or Scoring()
    _check(systems)
    data = digest_of(bench.model_dump_json(), _files(bench))
    readings, everyone = folder / READINGS, (*systems, reference_of(bench))
    whole, first = (list(tracks_of(bench, everyone, readings, cut)) for cut in (None, BEGINNING))
    _all_of(_read, list({track.reading: track for track in whole}.values()), how.workers)
    heard = _by_system([*whole, *first], _all_of(listen, [*whole, *first], how.workers, progress), len(whole))
    judged = networks(bench, everyone, how.resampling)
    categories = {entry.id: entry.categories for entry in bench.entries}
    *scored, reference = (
        _scores(each, heard[0][each.system], heard[1][each.system], judged.of(each.system), categories, how)
        for each in everyone
    )
    return Scores(
        bench=bench.name,
        digest=data,
        films=len(bench.entries),
        duration=round(sum(seconds_of(bench.film_of(entry)) for entry in bench.entries), 3),
        seed=how.seed,
        resamples=how.resamples,
        versions=versions(),
        systems=tuple(scored),
        reference=reference if reference.films else None,
        left_out=judged.left_out,
    )


def _scores(
    results: Results,
    whole: Sequence[Heard | Failure],
    first: Sequence[Heard | Failure],
    judged: tuple[Measures, Measures],
    categories: Mapping[str, Sequence[str]],
    how: Scoring,
) -> SystemScores:
    measures = (*offline_measures(_heard(whole), how.resampling), *judged[0])
    return SystemScores(
        system=results.system,
        about=results.about,
        digest=_digest(results),
        seconds=round(sum(result.seconds for result in results.results), 3),
        films=len(_heard(whole)),
        failures=(
            *results.failures,
            *(outcome for outcome in whole if isinstance(outcome, Failure)),
            *_strangers(results, categories),
        ),
        measures=measures,
        legacy=(*offline_measures(_heard(first), how.resampling), *judged[1]),
        categories=_categories(measures, categories, how),
    )


def _categories(measures: Measures, categories: Mapping[str, Sequence[str]], how: Scoring) -> dict[str, Measures]:
    found: dict[str, list[Measure]] = defaultdict(list)
    for measure in measures:
        for category, part in by_category(measure, categories, how.resampling).items():
            found[category].append(part)
    return {category: tuple(found[category]) for category in sorted(found)}


def _strangers(results: Results, known: Collection[str]) -> Iterator[Failure]:
    for result in results.results:
        if result.entry not in known:
            yield Failure(entry=result.entry, reason="The bench has no film of this id; correct it in results.json.")


def _heard(outcomes: Iterable[Heard | Failure]) -> list[Heard]:
    return [outcome for outcome in outcomes if isinstance(outcome, Heard)]


def _by_system(tracks: Sequence[Track], outcomes: Iterable[Heard | Failure], whole: int) -> tuple[_Outcomes, _Outcomes]:
    """What was heard of whole soundtracks, and of their beginnings, by system."""
    found: tuple[dict[str, list[Heard | Failure]], dict[str, list[Heard | Failure]]]
    found = defaultdict(list), defaultdict(list)
    for number, (track, outcome) in enumerate(zip(tracks, outcomes, strict=True)):
        found[number >= whole][track.system].append(outcome)
    return found


def _read(track: Track) -> Path:
    return read_motion(track.film, track.reading)


def _all_of(
    work: Callable[[_Item], _Found],
    items: Sequence[_Item],
    workers: int | None,
    progress: Progress = lambda fraction: None,
) -> list[_Found]:
    """Work all items, in processes of their own where there are several; results in the items' order."""
    found = []
    for result in _results(work, items, min(len(items), workers or os.cpu_count() or 1)):
        found.append(result)
        progress(len(found) / len(items))
    return found


def _results(work: Callable[[_Item], _Found], items: Sequence[_Item], workers: int) -> Iterator[_Found]:
    if workers <= 1:
        yield from map(work, items)
        return
    with processes(workers) as pool:
        yield from pool.map(work, items)


def reference_of(bench: Bench) -> Results:
    """The bench's reference sound as a system's results."""
    heard = [entry for entry in bench.entries if has_reference(entry, bench.film_of(entry))]
    results = tuple(Result(entry=entry.id, sound=entry.sound or entry.film) for entry in heard)
    return Results(system=REFERENCE, bench=bench.name, results=results).at(bench.folder)


def _check(systems: Sequence[Results]) -> None:
    names = [*(each.system for each in systems), REFERENCE]
    if not systems:
        raise BadBench("There are no results to score; run a system first: soundstage evaluate run.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadBench(f"Two results are of a system called {twice[0]!r}; rename one in its results.json.")


def _files(bench: Bench) -> list[Path]:
    films = [bench.film_of(entry) for entry in bench.entries]
    return [*films, *(bench.sound_of(entry) for entry in bench.entries if entry.sound)]


def _digest(results: Results) -> str:
    """Of what was made, not of how long it took; a sound that is missing is told among the failures."""
    timeless = results.model_copy(update={"results": tuple(_timeless(result) for result in results.results)})
    sounds = (results.folder / result.sound for result in results.results)
    return digest_of(timeless.model_dump_json(), [sound for sound in sounds if sound.is_file()])


def _timeless(result: Result) -> Result:
    return result.model_copy(update={"seconds": 0.0})
