"""Starts the programs of the house from a process that has loaded them already.

A program is a process of its own as it would be by `python -m`, with its own environment, signals and end; only the
two seconds of imports are spent once, by the process that it is forked from. Tests of how a program starts and of how
it ends do without.
"""

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

# What the programs load, none of them itself: a module that runs is not loaded yet.
_LOADED = (
    "services.backbone.housekeeping",
    "services.backbone.webhooks.deliveries",
    "services.worker_gpu.service",
    "services.worker_llm.service",
    "soundstage.cli.dub",
    "soundstage.cli.service",
)
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(_LOADED))


class Program:
    """A program that runs, with the part of `subprocess.Popen` that tests need."""

    def __init__(
        self, module: str, *arguments: str | Path, environment: Mapping[str, str], out: Path, err: Path | None = None
    ) -> None:
        words = [module, *map(str, arguments)]
        self._process: ForkServerProcess = _CONTEXT.Process(
            target=_run, args=(words, dict(environment), Path.cwd(), out, err or out)
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended; after so many seconds, or however long it takes.

        Raises:
            subprocess.TimeoutExpired: it runs on.
        """
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(str(self._process.name), timeout)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it."""
        self._process.kill()


def _run(words: list[str], environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    """Become the program."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, out), (2, err)):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(handle, number)
        os.close(handle)
    sys.argv[1:] = words[1:]
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
