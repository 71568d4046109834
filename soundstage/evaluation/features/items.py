"""The items of a benchmark and of what a system made for it."""

from collections.abc import Mapping
from pathlib import Path

from soundstage.errors import BadFilm, SoundstageError
from soundstage.evaluation.bench.entries import Bench, Entry
from soundstage.evaluation.features.item import Item
from soundstage.evaluation.systems.results import Results
from soundstage.film.probe import probe


def of_reference(bench: Bench, lengths: Mapping[str, float]) -> tuple[Item, ...]:
    """The films of a benchmark with their reference sound and their words, as far as their length is known."""
    return tuple(
        Item(entry.id, lengths[entry.id], bench.sound_of(entry), bench.film_of(entry), words_of(entry))
        for entry in bench.entries
        if entry.id in lengths
    )


def of_results(bench: Bench, results: Results, lengths: Mapping[str, float]) -> tuple[Item, ...]:
    """The soundtracks that a system made; films for which it made none are not among them."""
    made = ((entry, results.sound_of(entry)) for entry in bench.entries if entry.id in lengths)
    return tuple(Item(entry.id, lengths[entry.id], sound) for entry, sound in made if sound is not None)


def words_of(entry: Entry) -> str:
    """What is said of a film: its description, or else all its captions in order."""
    return entry.description or " ".join(caption.text for caption in entry.captions)


def lengths_of(bench: Bench) -> tuple[dict[str, float], dict[str, str]]:
    """How long (s) the films of a benchmark are by id, and why that is not known of the others."""
    known: dict[str, float] = {}
    problems: dict[str, str] = {}
    for entry in bench.entries:
        try:
            known[entry.id] = length_of(bench.film_of(entry))
        except SoundstageError as error:
            problems[entry.id] = str(error)
    return known, problems


def length_of(film: Path) -> float:
    """How long a film is, in seconds. Raises BadFilm or StorageError as `probe` does, BadFilm also without an end."""
    known = probe(film)
    end = known.last_end if known.last_end is not None else known.declared
    if end is None:
        raise BadFilm(f"{film} does not say how long it is; convert it to MP4 first.")
    return end - known.start
