import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from services.up import records
from services.up.process import Child
from tests.services.up.programs import alive, group, python, sleeper

PARENT = """
import subprocess, time
subprocess.Popen(["/bin/sleep", "600"])
print("parent", flush=True)
time.sleep(600)
"""


@pytest.fixture
def stranger() -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    yield process  # type: ignore[misc]
    process.kill()
    process.wait()


def test_a_leftover_is_found_and_ended(tmp_path: Path, stranger: "subprocess.Popen[bytes]") -> None:
    records.note(tmp_path, "left", stranger.pid)
    assert records.end_leftovers(tmp_path) == ["left"]
    assert not alive(stranger.pid)
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_process_with_the_same_id_is_left_alone(tmp_path: Path, stranger: "subprocess.Popen[bytes]") -> None:
    record = records.note(tmp_path, "gone", stranger.pid)
    note = {"name": "gone", "pid": stranger.pid, "mark": f"{record.mark}1", "farewell": signal.SIGTERM}
    (tmp_path / "gone.json").write_text(json.dumps(note))
    assert records.end_leftovers(tmp_path) == []
    assert alive(stranger.pid)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_ended_leaves_nothing_to_end(tmp_path: Path) -> None:
    process = subprocess.Popen(["/bin/true"], start_new_session=True)
    records.note(tmp_path, "short", process.pid)
    process.wait()
    assert records.end_leftovers(tmp_path) == []


def test_what_a_dead_leader_started_is_ended_too(tmp_path: Path) -> None:
    child = Child(python("parent", PARENT), tmp_path)
    child.start()
    assert child.pid is not None
    while "parent" not in child.log.read_text():
        time.sleep(0.02)
    child._process.kill()  # type: ignore[union-attr]
    child._process.wait()  # type: ignore[union-attr]
    assert len(group(child.pid)) == 1
    assert records.end_leftovers(tmp_path / "run") == ["parent"]
    assert group(child.pid) == []


def test_a_note_that_makes_no_sense_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"name": ')
    assert records.end_leftovers(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_child_leaves_no_note(tmp_path: Path) -> None:
    child = Child(sleeper("sleeper"), tmp_path)
    child.start()
    assert (tmp_path / "run" / "sleeper.json").exists()
    child.stop()
    assert list((tmp_path / "run").iterdir()) == []
