"""`soundstage up`: everything that the service needs, on one machine, until it is interrupted."""

import os
import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from services.up import detached
from services.up.home import Home
from services.up.introduction import Introduction, introduce
from services.up.panel import LinePanel, LivePanel, look, panel
from services.up.process import Program
from services.up.server import HOST
from services.up.supervisor import Entry, Status, Supervisor, Task, answers, inherited
from services.up.table import API_PORT, api_port, service_table
from soundstage.cli.console import stdout

_WORKERS = ("worker_llm", "worker_gpu")
# Each holds its models in memory, twice over: of both kinds of worker.
_MOST_USUAL_WORKERS = 4
_ASK_EVERY = 0.5


def up(
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where everything is kept. [default: of this user]")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of the API, if it is free.")] = API_PORT,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=64, help="Steps worked side by side. [default: by processors]")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Go on in the background once all is ready.")] = False,
    tell: Annotated[int | None, typer.Option("--tell", hidden=True)] = None,
) -> None:
    """Start the whole service on this machine; Ctrl-C stops it, and the next start goes on where it was."""
    home, count = Home.at(data), workers or usual_workers()
    if detach:
        stdout.print(detached.start(home, ("--port", str(port), "--workers", str(count))), markup=False)
        return
    with home.held() as ended:
        shown = panel()
        if ended:
            shown.say(f"Ended what an earlier run had left: {', '.join(ended)}.")
        how = "Ctrl-C stops it." if tell is None else f"soundstage down{_where(data)} stops it; its log is {home.log}."
        _Up(home, api_port(port), count, shown, how, detached.teller(tell)).run()


def _where(data: Path | None) -> str:
    """What names the folder to another command; nothing where it is the usual one."""
    return f" --data {shlex.quote(str(data))}" if data and Home.at(data) != Home.at() else ""


def usual_workers() -> int:
    """As many as the machine has processors for."""
    return max(1, min(os.cpu_count() or 1, _MOST_USUAL_WORKERS))


@dataclass
class _Up:
    """One run."""

    home: Home
    port: int
    workers: int
    shown: LinePanel | LivePanel
    ending: str
    tell: Callable[[str], None]
    introduction: Introduction | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    greeted: bool = False

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def run(self) -> None:
        """Until the user interrupts."""
        environment = self.home.environment(os.environ, public_url=self.url)
        supervisor = Supervisor(self.home.root, {**inherited(), **environment})
        servers = self.home.servers(os.environ)
        table = service_table(servers, self.port, [Task("key", self._introduce)])
        self.shown.say(f"Starting in {self.home.root} ...")
        try:
            supervisor.run(with_workers(table, self.workers), self._on_ready, self.shown.hear, self._show)
        finally:
            self.shown.close()
        self.shown.say("Everything is stopped; the data are kept. The next soundstage up goes on with them.")

    def _introduce(self, environment: Mapping[str, str]) -> None:
        # From here on this process is one of the service's too.
        os.environ.update(environment)
        self.introduction = introduce(self.url)

    def _on_ready(self, environment: Mapping[str, str]) -> None:
        del environment
        threading.Thread(target=self._await_ready, name="readiness", daemon=True).start()

    def _await_ready(self) -> None:
        is_ready = answers(f"{self.url}/readyz")
        pause = threading.Event()
        while not is_ready():
            pause.wait(_ASK_EVERY)
        self.ready.set()

    def _show(self, processes: Sequence[Status]) -> None:
        if self.ready.is_set() and self.introduction and not self.greeted:
            self.greeted = True
            self.shown.look = partial(look, self.introduction.account_id)
            said = greeting(self.introduction, self.ending)
            self.shown.say(said)
            self.tell(said)
        self.shown.show(processes)


def with_workers(table: Sequence[Entry], workers: int) -> Sequence[Entry]:
    """The table, its workers with so many processes each."""
    return [
        replace(entry, command=(*entry.command, "--processes", str(workers)))
        if isinstance(entry, Program) and entry.name in _WORKERS
        else entry
        for entry in table
    ]


def greeting(introduction: Introduction, ending: str) -> str:
    """What the user is told once all is ready; a new key is shown this once. `ending` says how it is stopped."""
    url, key = introduction.connection.url, introduction.connection.key
    shown = key if introduction.is_new else "$SOUNDSTAGE_API_KEY"
    once = f"API key (shown this once; more with soundstage keys create): {key}\n" if introduction.is_new else ""
    return (
        f"\nSoundstage is up at {url} ({url}/docs).\n{once}{introduction.note} Try it:\n\n"
        f"  soundstage submit film.mp4 --wait -o result\n"
        f'  curl -H "Authorization: Bearer {shown}" -F file=@film.mp4 {url}/v1/jobs\n\n'
        f"{ending}\n"
    )


def register(app: typer.Typer) -> None:
    """Add the command; an entry point of the group soundstage.commands."""
    app.command("up")(up)
