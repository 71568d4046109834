import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.footage import SIZE, piece, tone, write_film


def _hear_interrupts() -> None:
    """A job in the background of a shell is born deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Said:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own, so that the user's library takes no part."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def command(home: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the real program, as a user would."""
    environment = {**os.environ, "XDG_DATA_HOME": str(home), "COLUMNS": "200"}

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "soundstage", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=_hear_interrupts,
        )

    return start


@pytest.fixture(scope="session")
def run(command: Callable[..., subprocess.Popen[str]]) -> Run:
    def run(*arguments: str | Path) -> Said:
        process = command(*arguments)
        out, err = process.communicate(timeout=240)
        return Said(process.returncode, out, err)

    return run


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two real shots, a street and a meadow, with a quiet tone as sound."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    pictures = [*piece(3, 40, size=SIZE), *piece(5, 50, size=SIZE)]
    return write_film(path, pictures, sound=tone(seconds=3.6))
