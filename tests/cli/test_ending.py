"""However a run ends, it ends with one line and a documented code, and leaves nothing running."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from soundstage import cli
from soundstage.cli import INTERRUPTED_CODE
from soundstage.errors import SoundstageError, StorageError
from tests.cli.conftest import Run
from tests.cli.test_dub import wait_for
from tests.cli.test_refusals import assert_one_line

Start = Callable[..., subprocess.Popen[str]]
README = Path(__file__).parents[2] / "README.md"


def _wait_for_handler(process: subprocess.Popen[str]) -> None:
    """Wait until the program hears SIGHUP, which Python by itself does not."""
    status = Path(f"/proc/{process.pid}/status")
    for _ in range(3000):
        caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) & 1 << (signal.SIGHUP - 1):
            return
        time.sleep(0.01)
    raise AssertionError("signals are never heard")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to see when signals are heard")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_is_heard_while_the_program_loads(command: Start, how: signal.Signals):
    process = command("labels", "rain")
    _wait_for_handler(process)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert_one_line(said)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
def test_a_reader_that_has_enough_is_no_fault(command: Start, form: list[str]):
    process = command("labels", "all", *form)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == ""


@pytest.mark.parametrize("closing", [">&-", ">/dev/full"])
def test_without_a_place_for_the_answer_nothing_breaks(closing: str):
    line = f"{sys.executable} -m soundstage labels rain {closing}"
    said = subprocess.run(["bash", "-c", line], stderr=subprocess.PIPE, text=True, check=False)
    assert said.returncode in (0, 7)
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("told", [cli.__doc__, README.read_text(encoding="utf-8")], ids=["help", "readme"])
def test_every_exit_code_is_documented(told: str):
    sentence = re.search(r"Exit codes: (.+?interrupted)", told, re.DOTALL)
    assert sentence is not None
    documented = {int(code) for code in re.findall(r"\b(\d+) [a-z]", sentence[1])}
    assert documented == {0, *(error.exit_code for error in _errors(SoundstageError)), INTERRUPTED_CODE}


def _errors(kind: type[SoundstageError]) -> set[type[SoundstageError]]:
    return {kind}.union(*map(_errors, kind.__subclasses__()))


def test_words_that_are_no_text_are_refused(run: Run):
    said = run("labels", os.fsdecode(b"rain\xff"))
    assert said.code == 2
    assert_one_line(said.err)


def test_a_name_too_long_for_the_disk_is_a_storage_error(run: Run):
    said = run("dub", "x" * 300 + ".mp4", "-o", "out.mp4")
    assert said.code == StorageError.exit_code
    assert_one_line(said.err)


def test_no_memory_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    def starve(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(cli, "_check_words", starve)
    monkeypatch.setattr(cli, "hear_interrupts", lambda: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == StorageError.exit_code
    assert_one_line(capfd.readouterr().err)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_within_a_command_is_told(command: Start, film: Path, tmp_path: Path, how: signal.Signals):
    process = command("storyboard", film, "--work", tmp_path / "work")
    wait_for(tmp_path / "work" / ".lock", process)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in said
    assert not list(tmp_path.rglob("*.part"))
