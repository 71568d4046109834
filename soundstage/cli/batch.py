"""`soundstage batch`: many films, submitted, followed and fetched; stopped and started again without double work."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from soundstage.cli import options as opt
from soundstage.cli.batching import Batch, BatchFailed, Terms
from soundstage.cli.bundles import bundled
from soundstage.cli.connection import Key, Url, connect
from soundstage.cli.console import print_facts, print_json, stderr
from soundstage.cli.ending import when_interrupted
from soundstage.cli.films import films_of
from soundstage.cli.service import Container, OriginalSound, Priority, asked_of_makers, asked_of_models, stated

_LINE_EVERY = 10.0
_GO_ON = "the jobs go on; run the same command again to follow and fetch them."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("batch")(bundled(batch))


def batch(
    films: Annotated[Path, typer.Argument(metavar="FILMS", help="A .csv or .jsonl file, or a folder.")],
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="TEXT", help="The batch's name. [default: of FILMS]")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="Bring the results here.")] = None,
    only: Annotated[str, typer.Option("--only", metavar="NAME,NAME", help="What to bring; all: *")] = "film",
    retry: Annotated[bool, typer.Option("--retry", help="Try those again that failed in an earlier run.")] = False,
    target: opt.Target = -16.0,
    original: OriginalSound = "duck",
    hint: opt.Hint = None,
    seed: opt.Seed = 0,
    format: Container = "mp4",
    candidates: opt.Candidates = 2,
    transcript: opt.Transcript = True,
    narrate: opt.Narrate = False,
    *,
    playing: opt.CastWanted,
    hiring: opt.MakersWanted,
    priority: Priority = "bulk",
    url: Url = None,
    key: Key = None,
    json: opt.Json = False,
) -> None:
    """Dub many films. Stopped and started again, it goes on: a film that was submitted is never submitted twice."""
    options = {
        **{"hint": hint, "seed": seed, "target": target, "original": original, "format": format},
        **{"candidates": candidates, "transcript": transcript},
        **asked_of_models(playing, narrate),
        **asked_of_makers(hiring),
    }
    name = reference or films.stem or films.resolve().name
    terms = Terms(name, priority, stated(options), out, list(opt.split_names(only)), retry)
    with connect(url, key) as client:
        when_interrupted(_GO_ON)
        run = Batch(client, films_of(films), terms)
        with _shown(run, json) as told:
            run.run(told)
    _report(run, json)


@contextmanager
def _shown(run: Batch, quiet: bool) -> Iterator[Callable[[], None]]:
    if quiet:
        yield lambda: None
    elif sys.stderr.isatty():
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=stderr) as progress:
            bar = progress.add_task("", total=len(run.films))
            yield lambda: progress.update(bar, completed=_over(run), description=_words(run))
    else:
        yield _Lines(run)


class _Lines:
    """For a log: a line now and then, when something changed."""

    def __init__(self, run: Batch) -> None:
        self._run = run
        self._said = ""
        self._at = -_LINE_EVERY

    def __call__(self) -> None:
        words = f"{_over(self._run)} of {len(self._run.films)}: {_words(self._run)}"
        is_last = _over(self._run) == len(self._run.films)
        if words != self._said and (is_last or time.monotonic() - self._at > _LINE_EVERY):
            self._said, self._at = words, time.monotonic()
            stderr.print(words, markup=False)


def _over(run: Batch) -> int:
    return sum(film.is_over for film in run.films.values())


def _words(run: Batch) -> str:
    return ", ".join(f"{count} {status}" for status, count in sorted(run.counts.items()))


def _report(run: Batch, json: bool) -> None:
    lost = [film for film in run.films.values() if film.is_lost]
    if json:
        # All is told by it: an error beside it would be a second document.
        print_json({"counts": run.counts, "films": [_fields(run, client_id) for client_id in run.films]})
        raise typer.Exit(BatchFailed.exit_code if lost else 0)
    for film in lost:
        stderr.print(f"{film.item.label}: {film.status}: {film.why}", markup=False)
    print_facts({"films": str(len(run.films)), **{status: str(count) for status, count in run.counts.items()}})
    if lost:
        raise BatchFailed(f"{len(lost)} of {len(run.films)} films have no result; run it again with --retry.")


def _fields(run: Batch, client_id: str) -> dict[str, str | None]:
    film = run.films[client_id]
    return {
        "film": film.item.label,
        "job": film.job,
        "client_id": client_id,
        "status": film.status,
        "folder": film.item.name,
        "why": film.why or None,
    }
