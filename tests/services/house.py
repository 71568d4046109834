"""A whole house of real processes for tests: workers and a keeper, each to be started and killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.warm import Program

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "worker_llm": ("services.worker_llm", "--processes", "1"),
    "worker_gpu": ("services.worker_gpu", "--processes", "1"),
    "worker_gpu_spawned": ("services.worker_gpu", "--processes", "1", "--spawn"),
    "keeper": ("services.backbone.keeper",),
}
WORKING = ("worker_llm", "worker_gpu", "keeper")


class House:
    """Processes of the service, by name; their logs lie in `folder`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = {**os.environ, **environment}
        self._running: dict[str, subprocess.Popen[bytes] | Program] = {}

    def start(self, *names: str) -> None:
        for name in names:
            self._running[name] = self._started(*COMMANDS[name], log=self.folder / f"{name}.log")

    def _started(self, module: str, *options: str, log: Path) -> subprocess.Popen[bytes] | Program:
        if "--spawn" not in options:
            return Program(module, *options, environment=self._environment, out=log)
        command = [sys.executable, "-m", module, *options]  # its pool loads all anew, by the command it came from
        with log.open("ab") as said:
            return subprocess.Popen(command, env=self._environment, stdout=said, stderr=said, start_new_session=True)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the process itself; with SIGKILL, to its pool too, as a dying machine would."""
        family = [self._running[name].pid]
        if number is signal.SIGKILL:
            family += [child.pid for child in psutil.Process(family[0]).children(recursive=True)]
        for each in family:
            _signal(each, number)
        self.wait(name)

    def tell(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the process itself, and do not wait for what comes of it."""
        _signal(self._running[name].pid, number)

    def wait(self, name: str) -> None:
        """Until the process has ended."""
        self._running.pop(name).wait(60)

    def pool(self, name: str) -> list[psutil.Process]:
        """The processes of a worker that do its work."""
        children = psutil.Process(self._running[name].pid).children()
        return [child for child in children if any("services" in word for word in child.cmdline())]

    def stop(self) -> None:
        for name in list(self._running):
            process = self._running[name]
            process.terminate()
        for name in list(self._running):
            process = self._running.pop(name)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def logs(self) -> str:
        """The end of every log, for the message of a failed test."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in sorted(self.folder.glob("*.log"))
        )


@contextmanager
def running_house(folder: Path, environment: Mapping[str, str], *names: str) -> Iterator[House]:
    house = House(folder, environment)
    try:
        house.start(*names)
        yield house
    finally:
        house.stop()


def wait_until(done: Callable[[], bool], seconds: float = 120, told: Callable[[], str] = lambda: "") -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise AssertionError(f"did not happen within {seconds} s\n{told()}")
        time.sleep(0.1)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
