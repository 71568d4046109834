"""Small real programs, and looks at what runs."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from services.up.process import Program

REPOSITORY = Path(__file__).parents[3]


def python(name: str, code: str, **options: object) -> Program:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return Program(name, (sys.executable, "-c", code), environment=environment, **options)  # type: ignore[arg-type]


def sleeper(name: str) -> Program:
    return Program(name, ("/bin/sleep", "600"), environment=dict(os.environ))


def alive(pid: int | None) -> bool:
    """Whether it runs; one that has ended and is not yet waited for does not."""
    try:
        return pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def group(pid: int) -> list[int]:
    """The living members of a process group."""
    return [member for member in psutil.pids() if _group_of(member) == pid and alive(member)]


def eventually(holds: Callable[[], object], patience: float = 15.0) -> bool:
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
