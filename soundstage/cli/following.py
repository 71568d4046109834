"""What a user sees of a job while it is worked on."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from soundstage.cli.console import stage_bars, stderr
from soundstage.cli.ending import when_interrupted
from soundstage.client import Client
from soundstage.client.models import Event, Job
from soundstage.client.progress import OnProgress

Show = Callable[[str, float], None]


def watched(client: Client, id: str, quiet: bool) -> Job:
    """Follow a job to its end, with a bar for each stage; an interrupt leaves it running."""
    when_interrupted(f"the job goes on: soundstage watch {id}")
    with _stages(quiet) as show:
        stages = _Stages(show)
        for event in client.events(id):
            stages.hear(event)
    return client.job(id)


@contextmanager
def transfer(title: str, quiet: bool) -> Iterator[OnProgress]:
    """A bar for bytes that travel."""
    columns = (TextColumn("[bold]{task.description:<11}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=stderr, disable=quiet or not sys.stderr.isatty()) as progress:
        bar = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


class _Stages:
    """Turns events into how much of each stage is done."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._stage: str | None = None

    def hear(self, event: Event) -> None:
        stage = event.data.get("stage")
        if event.type == "job.stage" and isinstance(stage, str):
            self._leave()
            self._stage = stage
            self._show(stage, 0.0)
        elif event.type == "job.progress" and isinstance(stage, str):
            total = event.data.get("total") or 0
            self._show(stage, (event.data.get("done") or 0) / total if total else 0.0)
        elif event.type == "job.succeeded":
            self._leave()

    def _leave(self) -> None:
        if self._stage is not None:
            self._show(self._stage, 1.0)


@contextmanager
def _stages(quiet: bool) -> Iterator[Show]:
    if quiet:
        yield lambda stage, share: None
    elif sys.stderr.isatty():
        with stage_bars(quiet=False) as bars:
            yield bars
    else:
        yield _Lines()


class _Lines:
    """For a log: a line when a stage begins, and when it is done."""

    def __init__(self) -> None:
        self._told: set[tuple[str, bool]] = set()

    def __call__(self, stage: str, share: float) -> None:
        whole = share >= 1.0
        if (stage, whole) not in self._told:
            self._told.add((stage, whole))
            stderr.print(f"{stage}: {'done' if whole else 'begins'}", markup=False)
