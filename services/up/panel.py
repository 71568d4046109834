"""What `soundstage up` shows while the service runs: a live panel on a terminal, plain lines elsewhere."""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from services.backbone.dispatch.queues import ALL_QUEUES
from services.backbone.errors import Unavailable
from services.backbone.ledger.repositories.census import Census, Reading
from services.backbone.ledger.repositories.jobs import JobFilter, Jobs
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Job
from services.up.supervisor import Event, State, Status
from soundstage.cli.console import stdout

_EVERY = 1.0
_JOBS_SHOWN = 8
_ALIVE = timedelta(seconds=15)
_BAR = 24


@dataclass(frozen=True)
class Queue:
    """Steps of one queue, and the workers that serve it."""

    name: str
    waiting: int
    running: int
    workers: int


@dataclass(frozen=True)
class JobLine:
    """A job in one line."""

    id: str
    name: str
    status: str
    stage: str
    progress: float


@dataclass(frozen=True)
class View:
    """What the panel shows of the ledger; `trouble` says why it could not be read."""

    queues: Sequence[Queue] = ()
    jobs: Sequence[JobLine] = ()
    trouble: str = ""


def look(account_id: str) -> View:
    """Read the ledger."""
    try:
        with transaction() as session:
            readings = Census(session).present(_ALIVE)
            jobs = Jobs(session, account_id).page(JobFilter(), None, _JOBS_SHOWN)
            return View(queues_of(readings), [_line(job) for job in jobs])
    except Unavailable as error:
        return View(trouble=str(error))


def queues_of(readings: Sequence[Reading]) -> Sequence[Queue]:
    """The queues that are counted, in their usual order; those for bulk only while something is in them."""
    steps = {reading.labels: int(reading.value) for reading in readings if reading.name == "steps"}
    workers = {reading.labels[0]: int(reading.value) for reading in readings if reading.name == "workers_ready"}
    found = [
        Queue(name, steps.get((name, "queued"), 0), steps.get((name, "running"), 0), workers.get(name, 0))
        for name in ALL_QUEUES
    ]
    return [queue for queue in found if queue.waiting or queue.running or not queue.name.endswith("-bulk")]


class Panel(Protocol):
    """What the supervisor tells, as the user sees it."""

    def hear(self, event: Event) -> None:
        """Something happened to a process."""

    def show(self, processes: Sequence[Status]) -> None:
        """Called several times a second."""

    def say(self, text: str) -> None:
        """Print something that stays."""

    def close(self) -> None:
        """Nothing more is shown."""


@dataclass
class LinePanel:
    """For logs and pipes: one line for each process and each change of a job."""

    look: Callable[[], View] | None = None
    _told: dict[str, tuple[str, str]] = field(default_factory=dict)
    _watch: "_Watch | None" = None

    def hear(self, event: Event) -> None:
        """One line."""
        self.say(str(event))

    def show(self, processes: Sequence[Status]) -> None:
        """A line for each job whose status or stage changed."""
        if self.look is None:
            return
        self._watch = self._watch or _Watch(self.look)
        for job in reversed(self._watch.view.jobs):
            if self._told.get(job.id) != (job.status, job.stage):
                self._told[job.id] = (job.status, job.stage)
                self.say(f"{job.id} {job.name}: {job.status} {job.stage}".rstrip())

    def say(self, text: str) -> None:
        """Print it at once, for who reads along."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def close(self) -> None:
        """Look no more."""
        if self._watch is not None:
            self._watch.stop()


@dataclass
class LivePanel:
    """For a terminal: queues, workers and jobs, drawn anew all the time."""

    look: Callable[[], View] | None = None
    _live: Live | None = None
    _watch: "_Watch | None" = None
    _drawn: tuple[View, tuple[Status, ...]] | None = None

    def hear(self, event: Event) -> None:
        """Above the panel; once things stop, there is nothing to see any more."""
        if event.state is State.STOPPED:
            self.close()
        self.say(str(event))

    def show(self, processes: Sequence[Status]) -> None:
        """Draw it."""
        if self.look is None:
            return
        if self._live is None or self._watch is None:
            self._watch = _Watch(self.look)
            self._live = Live(console=stdout, auto_refresh=False, transient=True)
            self._live.start()
        seen = (self._watch.view, tuple(processes))
        if seen != self._drawn:
            self._drawn = seen
            self._live.update(drawn(self._watch.view, processes), refresh=True)

    def say(self, text: str) -> None:
        """Above the panel."""
        stdout.print(text, markup=False)

    def close(self) -> None:
        """Take it away."""
        if self._watch is not None:
            self._watch.stop()
        if self._live is not None:
            self._live.stop()
        self._live = self._watch = self.look = None


def panel() -> LinePanel | LivePanel:
    """The one that fits where stdout leads."""
    return LivePanel() if sys.stdout.isatty() else LinePanel()


def drawn(view: View, processes: Sequence[Status]) -> RenderableType:
    """The panel as rich draws it."""
    if view.trouble:
        return Group(_processes(processes), "", view.trouble)
    return Group(_processes(processes), "", _queues(view.queues), "", _jobs(view.jobs))


class _Watch:
    """Reads the ledger once a second in a thread of its own: the supervisor must never wait for it."""

    def __init__(self, look: Callable[[], View]) -> None:
        self.view = View()
        self._look = look
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="panel", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(_EVERY):
            try:
                self.view = self._look()
            except Exception as error:  # a panel that shows nothing must not end the service
                self.view = View(trouble=f"The ledger cannot be shown: {error}")


def _processes(processes: Sequence[Status]) -> Table:
    table = _table("process", "state", "restarts")
    for each in processes:
        style = None if each.state is State.RUNNING else "yellow"
        table.add_row(each.name, each.state.value, str(each.restarts or ""), style=style)
    return table


def _queues(queues: Sequence[Queue]) -> Table:
    table = _table("queue", "waiting", "running", "workers")
    for queue in queues:
        table.add_row(queue.name, str(queue.waiting), str(queue.running), str(queue.workers or "none yet"))
    return table


def _jobs(jobs: Sequence[JobLine]) -> Table:
    table = _table("job", "film", "status", "stage", "")
    for job in jobs:
        bar = ProgressBar(total=1.0, completed=job.progress, width=_BAR)
        table.add_row(job.id, job.name.replace("[", r"\["), job.status, job.stage, bar)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table


def _line(job: Job) -> JobLine:
    name = job.source.get("name") or job.source.get("url") or job.source.get("key") or job.reference or ""
    return JobLine(job.id, str(name)[:40], job.status.value, job.stage or "", job.progress)
