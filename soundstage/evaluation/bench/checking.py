"""Checks a bench before anything is scored with it: every problem names its file and its entry."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from soundstage.errors import SoundstageError
from soundstage.evaluation.bench.entries import BENCH_FILE, CATEGORIES, Bench, Entry
from soundstage.evaluation.bench.problems import Problem
from soundstage.evaluation.bench.sounding import Heard, hear_file, hear_track, picture_seconds
from soundstage.film.probe import Probe, probe

SLACK: Final = 0.1  # seconds by which lengths and times may differ
_SILENT: Final = 1e-4  # highest magnitude of a silent reference: -80 dBFS
_BADLY: Final = 0.5  # share of the shorter of two captions from which they overlap badly


@dataclass(frozen=True)
class Measured:
    """How long a film and its reference are (s), as far as they could be read."""

    film: float | None = None
    sound: float | None = None


@dataclass(frozen=True)
class Checked:
    """What checking a bench gave: its problems in the bench's order, and the lengths of all films, by id."""

    problems: tuple[Problem, ...]
    measured: dict[str, Measured]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps films from being scored."""
        return tuple(problem for problem in self.problems if problem.grave)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What makes scores worth less."""
        return tuple(problem for problem in self.problems if not problem.grave)


def check_bench(
    bench: Bench, workers: int | None = None, progress: Callable[[float], None] = lambda fraction: None
) -> Checked:
    """Check all entries of a bench, and look into their films and sounds.

    Args:
        bench: in the folder of its media.
        workers: films at a time (None: one for each processor).
        progress: told the fraction of films done.
    """
    found: dict[int, tuple[Measured, list[Problem]]] = {}
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        running = {pool.submit(_checked, bench, entry): number for number, entry in enumerate(bench.entries)}
        for count, future in enumerate(as_completed(running), start=1):
            found[running[future]] = future.result()
            progress(count / len(running))
    ordered = [found[number] for number in range(len(bench.entries))]
    problems = [*_repeated(bench), *(problem for _, each in ordered for problem in each)]
    measured = {entry.id: lengths for entry, (lengths, _) in zip(bench.entries, ordered, strict=True)}
    return Checked(tuple(problems), measured)


def _repeated(bench: Bench) -> Iterator[Problem]:
    file = str(bench.folder / BENCH_FILE)
    for id, count in Counter(entry.id for entry in bench.entries).items():
        if count > 1:
            yield Problem(id, file, f"{count} entries have this id; give each its own")


def _checked(bench: Bench, entry: Entry) -> tuple[Measured, list[Problem]]:
    """One entry: its media first, then what is said of them."""
    film, problems = bench.film_of(entry), list[Problem]()
    seen = _probed(entry, film, problems)
    heard = _heard(bench, entry, seen, problems)
    lengths = Measured(picture_seconds(seen) if seen else None, heard.seconds if heard else None)
    problems += _against_media(entry, film, bench.sound_of(entry), lengths, heard)
    problems += _of_words(entry, str(bench.folder / BENCH_FILE))
    if lengths.film is not None:
        problems += _against_time(entry, str(bench.folder / BENCH_FILE), lengths.film)
    return lengths, problems


def _probed(entry: Entry, film: Path, problems: list[Problem]) -> Probe | None:
    if not film.is_file():
        problems.append(Problem(entry.id, str(film), "the film is missing; put it there, or correct its path"))
        return None
    try:
        return probe(film)
    except SoundstageError as problem:
        problems.append(Problem(entry.id, str(film), str(problem)))
        return None


def _heard(bench: Bench, entry: Entry, seen: Probe | None, problems: list[Problem]) -> Heard | None:
    """The reference; where it is the track of a film that cannot be read, that was told already."""
    path = bench.sound_of(entry)
    if entry.sound is None and seen is None:
        return None
    if entry.sound is not None and not path.is_file():
        problems.append(Problem(entry.id, str(path), "the reference is missing; put it there, or correct its path"))
        return None
    try:
        return hear_file(path) if entry.sound is not None or seen is None else hear_track(path, seen)
    except SoundstageError as problem:
        problems.append(Problem(entry.id, str(path), str(problem)))
        return None


def _against_media(entry: Entry, film: Path, sound: Path, lengths: Measured, heard: Heard | None) -> Iterator[Problem]:
    if heard is not None and heard.peak < _SILENT:
        yield Problem(entry.id, str(sound), "the reference is silent; nothing can be compared with it")
    if lengths.film is None or lengths.sound is None:
        return
    differ = lengths.sound - lengths.film
    if abs(differ) > SLACK:
        word = "longer" if differ > 0 else "shorter"
        says = f"the reference is {abs(differ):.2f} s {word} than the film ({lengths.film:.2f} s); cut them alike"
        yield Problem(entry.id, str(sound), says, grave=False)


def _against_time(entry: Entry, file: str, seconds: float) -> Iterator[Problem]:
    """Times that lie outside the film."""
    last = seconds + SLACK
    for number, caption in enumerate(entry.captions, start=1):
        if caption.end > last:
            says = f"caption {number} ends at {caption.end:g} s, after the film's end at {seconds:.2f} s; correct it"
            yield Problem(entry.id, file, says, grave=caption.start >= last)
    for number, event in enumerate(entry.events, start=1):
        if event.time > last:
            says = f"event {number} is at {event.time:g} s, after the film's end at {seconds:.2f} s; correct it"
            yield Problem(entry.id, file, says)
    for time in entry.scenes:
        if time > last:
            says = f"a scene begins at {time:g} s, after the film's end at {seconds:.2f} s; correct it"
            yield Problem(entry.id, file, says)


def _of_words(entry: Entry, file: str) -> Iterator[Problem]:
    for category in entry.categories:
        if category.lower() not in CATEGORIES:
            says = f"the category {category!r} is none of LVAS-Bench's; it is scored by itself"
            yield Problem(entry.id, file, says, grave=False)
    yield from _overlapping(entry, file)
    if list(entry.scenes) != sorted(set(entry.scenes)):
        yield Problem(entry.id, file, "the scenes' times do not ascend; sort them")


def _overlapping(entry: Entry, file: str) -> Iterator[Problem]:
    """Captions that say different things of mostly the same time; only neighbours are looked at."""
    ordered = sorted(entry.captions, key=lambda span: (span.start, span.end))
    for one, other in pairwise(ordered):
        shared = min(one.end, other.end) - other.start
        if shared > _BADLY * min(one.end - one.start, other.end - other.start):
            says = f"the captions from {one.start:g} s and from {other.start:g} s overlap by {shared:.2f} s"
            yield Problem(entry.id, file, f"{says}; part them, if they are not meant to", grave=False)


def lines_of(problems: Sequence[Problem]) -> str:
    """Problems as lines to read, the grave ones first."""
    return "\n".join(str(problem) for problem in sorted(problems, key=lambda problem: not problem.grave))
