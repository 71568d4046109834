"""A program that runs as another user, though its folder is closed to that user."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.up import guard

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or sys.platform != "linux", reason="only root on Linux becomes another user"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        shutil.copy(shutil.which("cat") or "/bin/cat", made)
        yield Path(made)


def status_of(program: Path) -> dict[str, str]:
    command = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), "15", "nobody", str(program)]
    told = subprocess.run([*command, "/proc/self/status"], capture_output=True, text=True, check=True).stdout
    return dict(line.split(":\t", 1) for line in told.splitlines() if ":\t" in line)


@pytest.mark.parametrize(("mode", "kept"), [(0o755, 0), (0o700, 1)], ids=["open folder", "closed folder"])
def test_no_privilege_is_kept_but_to_pass_through(folder: Path, mode: int, kept: int) -> None:
    folder.chmod(mode)
    status = status_of(folder / "cat")
    assert status["Uid"].split()[0] != "0"
    for name in ("CapPrm", "CapEff"):
        assert int(status[name], 16).bit_count() == kept
    assert int(status["CapPrm"], 16) & ~0b110 == 0


def test_a_program_that_cannot_be_run_is_told(folder: Path) -> None:
    (folder / "cat").chmod(stat.S_IRUSR)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        status_of(folder / "cat")
    assert "cannot be run" in caught.value.stderr
