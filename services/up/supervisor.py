"""Runs the processes: in order, watched, started again when they crash, stopped for certain.

The table is a sequence of servers, tasks and programs; each is started when the one before is ready. What a server adds
to the environment is seen by all that follow. Programs lean on servers and not on each other: on the way out they
are asked to end all at once, from the last to the first, and the servers follow one by one.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import TypeAlias
from urllib.parse import urlsplit

from services.up.process import Child, FailedStart, Program, describe, rotate
from services.up.server import Server

_TICK = 0.1
_ROTATE_EVERY = 10.0
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
# A process that ran this long is well again: its next crash is its first.
_WELL_AFTER = 60.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Task:
    """Something to be done between two starts, in this process: migrations, the bucket, a first key."""

    name: str
    work: Callable[[Mapping[str, str]], None]


Entry: TypeAlias = Server | Task | Program


class State(StrEnum):
    """What a process is at."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting to start again"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Event:
    """Something that the user should hear of; `str()` is one line."""

    name: str
    state: State
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass(frozen=True)
class Status:
    """A process as a panel shows it."""

    name: str
    state: State
    pid: int | None
    restarts: int
    log: Path


OnReady: TypeAlias = Callable[[Mapping[str, str]], None]
OnEvent: TypeAlias = Callable[[Event], None]
Panel: TypeAlias = Callable[[Sequence[Status]], None]


class _Stopped(Exception):
    """The user wants it to end."""


@dataclass
class _Charge:
    """One process in the supervisor's care."""

    child: Child
    is_server: bool
    state: State = State.STARTING
    restarts: int = 0
    delay: float = _FIRST_DELAY
    started: float = field(default_factory=time.monotonic)
    due: float = 0.0

    @property
    def name(self) -> str:
        return self.child.program.name

    @property
    def status(self) -> Status:
        return Status(self.name, self.state, self.child.pid, self.restarts, self.child.log)

    def next_delay(self) -> float:
        """How long to wait before it is started again; longer each time."""
        if time.monotonic() - self.started > _WELL_AFTER:
            self.delay = _FIRST_DELAY
        delay, self.delay = self.delay, min(2 * self.delay, _LONGEST_DELAY)
        return delay


class Supervisor:
    """Runs the processes of one data folder; call it from the main thread."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Args: folder: for logs and notes. environment: what every program sees, before the servers add to it."""
        self._folder = folder
        self._environment = dict(environment)
        self._charges: list[_Charge] = []
        self._tell: OnEvent = print
        self._hurry = 0
        self._may_raise = False

    @property
    def environment(self) -> Mapping[str, str]:
        """What the programs see."""
        return dict(self._environment)

    def run(
        self,
        entries: Sequence[Entry],
        on_ready: OnReady | None = None,
        on_event: OnEvent = print,
        panel: Panel | None = None,
    ) -> None:
        """Start everything, watch over it until the user interrupts, stop everything.

        SIGINT, SIGTERM or SIGHUP ends it gracefully; a second one at once.

        Args:
            entries: what to run, in the order of start.
            on_ready: called once when all is up, with the environment.
            on_event: hears of every start, crash and end.
            panel: called several times a second with the state of all processes.

        Raises:
            FailedStart: a process did not start; everything is stopped again.
        """
        self._tell = on_event
        with self._listening():
            try:
                self._start_all(entries)
                if on_ready:
                    on_ready(self.environment)
                self._watch(panel)
            except _Stopped:
                pass
            finally:
                self._stop_all()

    def stop(self) -> None:
        """End `run` gracefully, the second time at once; may be called from anywhere."""
        self._hurry += 1

    def _start_all(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._check()
            if isinstance(entry, Task):
                self._do(entry)
                continue
            try:
                self._start_server(entry) if isinstance(entry, Server) else self._start_program(entry)
            except FailedStart as error:
                self._tell(Event(entry.name, State.STOPPED, f"did not start; it wrote:\n{error.log}"))
                raise

    def _do(self, task: Task) -> None:
        # Work in this process cannot be asked to stop; a second interrupt breaks it off.
        self._may_raise = True
        try:
            task.work(self.environment)
        finally:
            self._may_raise = False

    def _start_server(self, server: Server) -> None:
        child = server.launch(self._check)
        self._charges.append(charge := _Charge(child, is_server=True))
        self._environment |= server.environment()
        self._is_up(charge)

    def _start_program(self, program: Program) -> None:
        child = Child(replace(program, environment={**self._environment, **program.environment}), self._folder)
        self._charges.append(charge := _Charge(child, is_server=False))
        child.start()
        child.await_ready(self._check)
        self._is_up(charge)

    def _is_up(self, charge: _Charge) -> None:
        charge.started = time.monotonic()
        self._report(charge, State.RUNNING, "is up")

    def _watch(self, panel: Panel | None) -> None:
        rotation = 0.0
        while True:
            self._check()
            for charge in self._charges:
                self._look_after(charge)
            if time.monotonic() > rotation:
                rotation = time.monotonic() + _ROTATE_EVERY
                self._rotate_logs()
            if panel:
                panel([charge.status for charge in self._charges])
            time.sleep(_TICK)

    def _look_after(self, charge: _Charge) -> None:
        if charge.state is State.WAITING:
            if time.monotonic() >= charge.due:
                self._start_again(charge)
        elif charge.child.ended is not None:
            self._put_off(charge)
        elif charge.state is State.STARTING and charge.child.is_healthy():
            self._report(charge, State.RUNNING, "is up again")

    def _put_off(self, charge: _Charge) -> None:
        how = describe(charge.child.ended or 0)
        # What it had started must not work on beside its successor.
        charge.child.stop()
        delay = charge.next_delay()
        charge.due = time.monotonic() + delay
        log = charge.child.log
        self._report(charge, State.WAITING, f"ended with {how}; starts again in {delay:g} s; its log is {log}")

    def _start_again(self, charge: _Charge) -> None:
        charge.child.start()
        charge.restarts += 1
        charge.started = time.monotonic()
        charge.state = State.STARTING

    def _rotate_logs(self) -> None:
        for charge in self._charges:
            rotate(charge.child.log)

    def _stop_all(self) -> None:
        programs = [charge for charge in reversed(self._charges) if not charge.is_server]
        self._stop_together(programs)
        for charge in reversed(self._charges):
            if charge.is_server:
                self._stop_together([charge])

    def _stop_together(self, charges: Sequence[_Charge]) -> None:
        for charge in charges:
            charge.state = State.STOPPING
            charge.child.ask_to_stop()
        asked = time.monotonic()
        for charge in charges:
            self._await_end(charge, asked)
            charge.child.stop(grace=0.0, force=self._hurry > 1)
            # Nobody may be listening any more (a closed terminal); the rest must be stopped all the same.
            with suppress(Exception):
                self._report(charge, State.STOPPED, "is stopped")

    def _await_end(self, charge: _Charge, asked: float) -> None:
        until = asked + charge.child.program.grace
        while charge.child.is_running and self._hurry < 2 and time.monotonic() < until:
            time.sleep(_TICK / 2)

    def _report(self, charge: _Charge, state: State, text: str) -> None:
        charge.state = state
        self._tell(Event(charge.name, state, text))

    def _check(self) -> None:
        if self._hurry:
            raise _Stopped

    @contextmanager
    def _listening(self) -> Iterator[None]:
        # What is ignored (nohup, a job in the background) stays ignored.
        heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._hear) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.stop()
        if self._may_raise and self._hurry > 1:
            raise _Stopped


def answers(url: str, timeout: float = 2.0) -> Callable[[], bool]:
    """A health check: the URL answers with a 2xx."""
    parts = urlsplit(url)

    def ask() -> bool:
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request("GET", parts.path or "/")
            return 200 <= connection.getresponse().status < 300
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return ask


def inherited() -> Mapping[str, str]:
    """The environment of this process, for `Supervisor`."""
    return dict(os.environ)
