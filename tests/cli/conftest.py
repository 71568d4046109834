import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.footage import SIZE, piece, tone, write_film
from tests.warm import Program


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


def ended(*words: str | Path, environment: Mapping[str, str]) -> Said:
    """How a run of the program ended that nobody disturbed."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        code = Program("soundstage", *words, environment=environment, out=out, err=err).wait(240)
        return Said(code, out.read_text(), err.read_text())


@pytest.fixture(scope="session")
def environment(home: Path) -> Mapping[str, str]:
    return {**os.environ, "XDG_DATA_HOME": str(home), "COLUMNS": "200"}


@pytest.fixture(scope="session")
def command(environment: Mapping[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """Start the real program, as a user would."""

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
def run(environment: Mapping[str, str]) -> Run:
    def run(*arguments: str | Path) -> Said:
        return ended(*arguments, environment=environment)

    return run


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two real shots, a street and a meadow, with a quiet tone as sound."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    pictures = [*piece(3, 40, size=SIZE), *piece(5, 50, size=SIZE)]
    return write_film(path, pictures, sound=tone(seconds=3.6))
