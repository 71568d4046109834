"""Runs a system over a bench: several films at a time, what is done not again, what fails not fatal."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

import structlog
from pydantic import JsonValue

from soundstage.cuesheet import digest
from soundstage.errors import BadBench, SoundstageError, StorageError
from soundstage.evaluation.bench.entries import Bench, Entry
from soundstage.evaluation.cases import Record
from soundstage.evaluation.documents import read_document, write_document
from soundstage.evaluation.processes import processes
from soundstage.evaluation.systems.lengths import silent_film
from soundstage.evaluation.systems.results import Failure, Result, Results
from soundstage.evaluation.systems.system import System
from soundstage.seals import Seal, is_whole, seal

Progress = Callable[[str, float], None]
"""Told the id of a film that is done, and the fraction of films done so far."""

VERSION: Final = 1
_DONE, _FILMS = "done", "films"
_log = structlog.get_logger()


class Done(Record):
    """The note on a finished film: what its result hangs on, and the seal of its sound."""

    key: str
    result: Result
    seal: Seal


def run(
    system: System,
    bench: Bench,
    folder: Path,
    workers: int | None = None,
    progress: Progress = lambda film, fraction: None,
) -> Results:
    """Have a system make soundtracks for all films of a bench.

    A film is not worked again while the film, what is known of it and the system are the same, and its sound lies
    there unchanged. No system is shown a film with its own sound.

    Args:
        system: what makes them.
        bench: the films.
        folder: receives the sounds and `results.json`; made if missing.
        workers: films at a time (None: one for each processor).
        progress: told of each film that is done.

    Returns:
        The results as they lie in the folder; films that failed are among its failures, each with the reason.

    Raises:
        BadBench: the bench has no films, or two of one id.
        BadOption: the system asks for a model that is not here.
        StorageError: the folder cannot be written.
    """
    _check(bench)
    about = dict(system.about())
    _make_folders(folder)
    made = dict(_made(system, bench, folder, about, workers or os.cpu_count() or 1, progress))
    outcomes = _each_its_own([made[entry.id] for entry in bench.entries])
    return Results(
        system=system.name,
        bench=bench.name,
        about=about,
        results=tuple(outcome for outcome in outcomes if isinstance(outcome, Result)),
        failures=tuple(outcome for outcome in outcomes if isinstance(outcome, Failure)),
    ).save(folder)


def _each_its_own(outcomes: Sequence[Result | Failure]) -> list[Result | Failure]:
    """The outcomes, but for sounds that were taken for several films: nobody knows which of these one is of."""
    taken = Counter(outcome.sound for outcome in outcomes if isinstance(outcome, Result))
    return [
        Failure(entry=outcome.entry, reason=f"{outcome.sound} was taken for several films; name sounds by films' ids.")
        if isinstance(outcome, Result) and taken[outcome.sound] > 1
        else outcome
        for outcome in outcomes
    ]


def _made(
    system: System, bench: Bench, folder: Path, about: Mapping[str, JsonValue], workers: int, progress: Progress
) -> Iterator[tuple[str, Result | Failure]]:
    with _pool(system, min(workers, len(bench.entries))) as pool:
        running: dict[Future[Result | Failure], str] = {
            pool.submit(_work, system, entry, bench.film_of(entry), folder, about): entry.id for entry in bench.entries
        }
        try:
            for count, future in enumerate(as_completed(running), start=1):
                progress(running[future], count / len(running))
                yield running[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _pool(system: System, workers: int) -> Executor:
    if system.apart and workers > 1:
        return processes(workers)
    return ThreadPoolExecutor(workers)


def _work(system: System, entry: Entry, film: Path, folder: Path, about: Mapping[str, JsonValue]) -> Result | Failure:
    """One film. Whatever goes wrong with it is told, and the others go on."""
    try:
        return _result(system, entry, film, folder, about)
    except SoundstageError as problem:
        return Failure(entry=entry.id, reason=str(problem))
    except Exception as problem:  # a system may be anybody's
        _log.exception("system failed", system=system.name, film=entry.id)
        return Failure(entry=entry.id, reason=f"{type(problem).__name__}: {problem}")


def _result(system: System, entry: Entry, film: Path, folder: Path, about: Mapping[str, JsonValue]) -> Result:
    sealed = seal(film)
    key = digest([VERSION, entry.model_dump(mode="json"), sealed["sha256"], dict(about)])
    note = folder / _DONE / f"{entry.id}.json"
    if (known := _known(note, key, folder)) is not None:
        return known
    shown = silent_film(film, folder / _FILMS, entry.id)
    result = system.sound_of(entry, shown, folder)
    if shown != film:
        shown.unlink(missing_ok=True)
    write_document(note, Done(key=key, result=result, seal=seal(folder / result.sound)))
    return result


def _known(note: Path, key: str, folder: Path) -> Result | None:
    """What was made before, where it is still what would be made now."""
    try:
        done = read_document(note, Done)
    except (StorageError, BadBench):
        return None
    return done.result if done.key == key and is_whole(folder / done.result.sound, done.seal) else None


def _check(bench: Bench) -> None:
    if not bench.entries:
        raise BadBench(f"The bench {bench.name!r} has no films; add some, or choose another bench.")
    ids = [entry.id for entry in bench.entries]
    if twice := sorted({id for id in ids if ids.count(id) > 1}):
        raise BadBench(f"The bench {bench.name!r} has two films with the id {twice[0]!r}; rename one.")


def _make_folders(folder: Path) -> None:
    try:
        for part in (_DONE, _FILMS):
            (folder / part).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written ({error.strerror}); choose another place.") from error
