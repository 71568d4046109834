"""Films looked at closely: the reference and all systems' soundtracks as pictures one above the other, to be played."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from soundstage.evaluation.bench.entries import Bench, Entry
from soundstage.evaluation.report import media
from soundstage.evaluation.report.choosing import Chosen, main_measures
from soundstage.evaluation.report.glossary import term
from soundstage.evaluation.report.tables import written
from soundstage.evaluation.scoring.scores import REFERENCE, Scores
from soundstage.evaluation.systems.lengths import seconds_of
from soundstage.evaluation.systems.results import Results
from soundstage.inspection import embed

LONGEST: Final = 90.0
_MOST_TICKS: Final = 400


@dataclass(frozen=True)
class Strip:
    """One soundtrack: its picture and its sound as data URIs, its joins in percent of the film, its values."""

    name: str
    spectrum: str
    sound: str
    joins: tuple[float, ...] = ()
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Card:
    """A film with its soundtracks. `events` are in percent of `seconds`, the part of it that is shown."""

    film: str
    why: str
    description: str
    categories: tuple[str, ...]
    seconds: float
    events: tuple[float, ...]
    strips: tuple[Strip, ...]


def card(chosen: Chosen, bench: Bench, systems: Sequence[Results], scores: Scores, previews: Path) -> Card:
    """A film's card; of a film longer than 90 s the beginning.

    Args:
        chosen: the film.
        bench: that it is of.
        systems: whose soundtracks are shown.
        scores: their values for this film.
        previews: a folder for small copies of the sound.

    Raises:
        BadSound: a soundtrack cannot be read.
        StorageError: the folder cannot be written.
    """
    entry = bench.entry(chosen.film)
    film = bench.film_of(entry)
    seconds = min(seconds_of(film), LONGEST)
    reference = [_reference(bench, entry, scores, seconds, previews)] if media.has_reference(entry, film) else []
    return Card(
        film=entry.id,
        why=chosen.why,
        description=entry.description,
        categories=entry.categories,
        seconds=seconds,
        events=_places([event.time for event in entry.events], seconds),
        strips=(*reference, *_made(entry, systems, scores, seconds, previews)),
    )


def _reference(bench: Bench, entry: Entry, scores: Scores, seconds: float, previews: Path) -> Strip:
    values = _values(scores, REFERENCE, entry.id)
    return _strip(REFERENCE, bench.sound_of(entry), seconds, previews, values=values)


def _made(entry: Entry, systems: Sequence[Results], scores: Scores, seconds: float, previews: Path) -> Iterator[Strip]:
    for each in systems:
        result, path = each.result_of(entry), each.sound_of(entry)
        if result is None or path is None:
            continue
        joins, values = _places(result.joins, seconds), _values(scores, each.system, entry.id)
        yield _strip(each.system, path, seconds, previews, joins, values)


def _strip(
    name: str,
    path: Path,
    seconds: float,
    previews: Path,
    joins: tuple[float, ...] = (),
    values: Mapping[str, str] | None = None,
) -> Strip:
    heard = embed.preview(media.preview(path, previews, 0.0, seconds))
    return Strip(name, media.spectrum(path, seconds), heard, joins, tuple((values or {}).items()))


def _values(scores: Scores, system: str, film: str) -> Mapping[str, str]:
    everyone = (*scores.systems, *((scores.reference,) if scores.reference else ()))
    found = next((each for each in everyone if each.system == system), None)
    measures = [measure for name in main_measures(scores) if found and (measure := found.measure(name)) is not None]
    return {term(m.name).brief: f"{written(m.films[film])} {m.unit}".strip() for m in measures if film in m.films}


def _places(times: Sequence[float], seconds: float) -> tuple[float, ...]:
    return tuple(round(100 * time / seconds, 3) for time in times if time <= seconds)[:_MOST_TICKS]
