"""However a run ends, it ends with one line and a documented code, and leaves nothing running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from soundstage import cli
from soundstage.errors import StorageError
from tests.cli.conftest import Run
from tests.cli.test_refusals import assert_one_line

Start = Callable[..., subprocess.Popen[str]]


@pytest.mark.parametrize("seconds", [0.15, 0.5])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_is_heard_while_the_program_loads(command: Start, how: signal.Signals, seconds: float):
    process = command("labels", "rain")
    time.sleep(seconds)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert_one_line(said)


def test_a_reader_that_has_enough_is_no_fault():
    line = f"{sys.executable} -m soundstage labels all | head -1; echo ${{PIPESTATUS[0]}}"
    said = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "0"
    assert said.stderr == ""


@pytest.mark.parametrize("closing", [">&-", ">/dev/full"])
def test_without_a_place_for_the_answer_nothing_breaks(closing: str):
    line = f"{sys.executable} -m soundstage labels rain {closing}"
    said = subprocess.run(["bash", "-c", line], stderr=subprocess.PIPE, text=True, check=False)
    assert said.returncode in (0, 7)
    assert "Traceback" not in said.stderr


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
