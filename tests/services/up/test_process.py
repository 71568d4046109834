import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.up.process import Child, FailedStart, rotate
from tests.services.up.programs import REPOSITORY, alive, eventually, group, python, sleeper

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["/bin/sleep", "600"])
subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
print("deaf", flush=True)
time.sleep(600)
"""
OWNER = """
import sys, time
from pathlib import Path
from services.up.process import Child
from tests.services.up.programs import sleeper
child = Child(sleeper("orphan"), Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


def wrote(child: Child, words: str) -> bool:
    return eventually(lambda: words in child.log.read_text())


def test_output_goes_to_a_log_that_only_its_owner_reads(tmp_path: Path) -> None:
    child = Child(python("talker", "print('hello'); import time; time.sleep(600)"), tmp_path)
    child.start()
    assert wrote(child, "hello")
    child.stop()
    assert child.log.stat().st_mode & 0o777 == 0o600
    assert child.ended == -signal.SIGTERM


def test_one_that_ends_at_start_tells_its_last_lines(tmp_path: Path) -> None:
    child = Child(python("broken", "raise SystemExit('no such film')", healthy=lambda: False), tmp_path)
    child.start()
    with pytest.raises(FailedStart, match="broken ended at once with status 1") as failure:
        child.await_ready()
    assert failure.value.log == "no such film"


def test_one_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    child = Child(python("slow", "import time; time.sleep(600)", healthy=lambda: False, patience=0.3), tmp_path)
    child.start()
    with pytest.raises(FailedStart, match="slow was not ready within"):
        child.await_ready()
    assert child.pid is not None
    assert group(child.pid) == []


def test_a_program_that_is_not_there_is_a_failed_start(tmp_path: Path) -> None:
    program = sleeper("missing")
    child = Child(type(program)("missing", ("/nowhere/program",), healthy=lambda: False), tmp_path)
    child.start()
    with pytest.raises(FailedStart) as failure:
        child.await_ready()
    assert failure.value.log == "/nowhere/program cannot be run: No such file or directory"


def test_a_deaf_program_is_killed_with_all_it_started(tmp_path: Path) -> None:
    child = Child(python("deaf", STUBBORN, grace=0.2), tmp_path)
    child.start()
    assert wrote(child, "deaf")
    assert child.pid is not None
    family = [*group(child.pid), *_children(child.pid)]
    assert len(set(family)) == 3
    child.stop()
    assert not any(alive(pid) for pid in family)


def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process of its parent's death")
    parent = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert parent.stdout is not None
    with parent.stdout as words:
        orphan = int(words.readline())
    assert alive(orphan)
    parent.kill()
    parent.wait()
    assert eventually(lambda: not alive(orphan))


def test_a_long_log_is_put_aside_while_its_program_goes_on(tmp_path: Path) -> None:
    child = Child(python("talker", "import time\nwhile True: print('word ' * 20); time.sleep(.01)"), tmp_path)
    child.start()
    for _ in range(4):
        assert eventually(lambda: child.log.stat().st_size > 500)
        rotate(child.log, limit=500, keep=2)
    assert wrote(child, "word")
    child.stop()
    assert sorted(path.name for path in child.log.parent.iterdir()) == ["talker.log", "talker.log.1", "talker.log.2"]
    assert child.log.read_bytes()[:4] == b"word"


def _children(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def test_signals_that_its_parent_ignores_reach_it(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = Child(python("hearing", "import time; time.sleep(600)", stop_signal=signal.SIGINT), tmp_path)
        child.start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert child.pid is not None
    assert eventually(lambda: b"-c" in Path(f"/proc/{child.pid}/cmdline").read_bytes().split(b"\0")[1:2])
    os.kill(child.pid, signal.SIGINT)
    assert eventually(lambda: child.ended is not None)
    child.stop()
