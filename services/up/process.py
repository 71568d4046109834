"""A program as a child process: started in a session of its own, its output in a file, ended for certain."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from services.up import guard, records
from services.up.files import cannot_write, make_folder
from soundstage.errors import ToolFailed

_POLL, _LONGEST_POLL = 0.05, 1.0
_TAIL_LINES = 15
_TAIL_BYTES = 8192
_LOG_LIMIT = 16 << 20
_LOGS_KEPT = 3


class FailedStart(ToolFailed):
    """A program ended, or did not get ready, when it was started; `log` holds its last lines."""

    def __init__(self, message: str, log: str) -> None:
        """Args: message: for the user. log: the end of what the program wrote."""
        super().__init__(message)
        self.log = log


@dataclass(frozen=True)
class Program:
    """What to run and how to treat it; `healthy` tells whether it does its work, None trusts that it runs."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    healthy: Callable[[], bool] | None = None
    patience: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    account: str | None = None


def keep_waiting() -> None:
    """Called while something is waited for; the one that interrupts the wait raises."""


class Child:
    """One run of a program. Start it from a thread that lives as long: on Linux its end is the child's."""

    def __init__(self, program: Program, folder: Path) -> None:
        """Args: program: what to run. folder: keeps `logs/NAME.log` and `run/NAME.json`."""
        self.program = program
        self._logs = make_folder(folder / "logs")
        self._notes = make_folder(folder / "run")
        self._process: subprocess.Popen[bytes] | None = None
        self._record: records.Record | None = None
        self._log_start = 0

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self._logs / f"{self.program.name}.log"

    @property
    def pid(self) -> int | None:
        """Its process id, which is its process group's; None when it was never started."""
        return self._process.pid if self._process else None

    @property
    def ended(self) -> int | None:
        """How it ended (negative: by that signal); None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self.ended is None

    def start(self) -> None:
        """Start it; does not wait until it is ready.

        Raises:
            StorageError: its log cannot be written.
        """
        try:
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise cannot_write(self._logs, error) from error
        try:
            self._log_start = os.fstat(log).st_size
            self._process = subprocess.Popen(
                guarded(self.program),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.program.environment),
                start_new_session=True,
            )
        finally:
            os.close(log)
        self._record = records.note(self._notes, self.program.name, self._process.pid, self.program.stop_signal)

    def await_ready(self, waiting: Callable[[], None] = keep_waiting) -> None:
        """Wait until it does its work; calls `waiting` meanwhile.

        Raises:
            FailedStart: it ended or took too long; it does not run any more.
        """
        begun = time.monotonic()
        while not self.is_healthy():
            waiting()
            if self.ended is not None:
                self.stop()
                raise self._failed(f"{self.program.name} ended at once with {describe(self.ended)}")
            waited = time.monotonic() - begun
            if waited > self.program.patience:
                self.stop()
                raise self._failed(f"{self.program.name} was not ready within {self.program.patience:.0f} s")
            # Less often as it takes longer, for each look may leave a line in its log.
            time.sleep(min(_POLL + waited / 10, _LONGEST_POLL))

    def is_healthy(self) -> bool:
        """Whether it runs and does its work."""
        return self.is_running and (self.program.healthy is None or self.program.healthy())

    def stop(self, grace: float | None = None, *, force: bool = False) -> None:
        """End it and all that it started, and wait until that is so.

        Args:
            grace: how long it may take before its group is ended; its program's own when left out.
            force: kill it without asking.
        """
        if self._process is None or self._record is None:
            return
        if not force:
            self.ask_to_stop()
            self._wait(self.program.grace if grace is None else grace)
        records.end_group(self._record, grace=0.0 if force else records.GROUP_GRACE)
        self._process.wait()
        records.forget(self._notes, self.program.name)

    def ask_to_stop(self) -> None:
        """Send its stop signal and return."""
        if self._process and self.is_running:
            self._process.send_signal(self.program.stop_signal)

    def last_lines(self) -> str:
        """The end of what this run wrote."""
        with self.log.open("rb") as file:
            size = self.log.stat().st_size
            # A rotated log is shorter than it was at the start.
            begin = self._log_start if self._log_start <= size else 0
            file.seek(max(begin, size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])

    def _wait(self, patience: float) -> None:
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)

    def _failed(self, what: str) -> FailedStart:
        return FailedStart(f"{what}; its log is {self.log}.", self.last_lines())


def rotate(log: Path, limit: int = _LOG_LIMIT, keep: int = _LOGS_KEPT) -> None:
    """Put a long log aside as `.1`, the older ones as `.2` and so on, while its program goes on writing."""
    if not log.exists() or log.stat().st_size <= limit:
        return
    older = [log.with_name(f"{log.name}.{number}") for number in range(1, keep + 1)]
    for source, target in reversed(list(pairwise(older))):
        if source.exists():
            source.replace(target)
    # The program holds the file open for appending: copied and cut, not renamed.
    shutil.copyfile(log, older[0])
    older[0].chmod(0o600)
    os.truncate(log, 0)


def guarded(program: Program) -> list[str]:
    """The command line that runs the program for as long as this process lives."""
    return [
        *(sys.executable, "-I", "-S", guard.__file__),
        *(str(os.getpid()), str(int(program.stop_signal)), program.account or ""),
        *program.command,
    ]


def describe(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
