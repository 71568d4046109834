import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.backbone.dispatch import scratch
from services.backbone.errors import Unavailable

HOLD = """
import sys, time
from pathlib import Path
from services.backbone.dispatch.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1]), "step") as folder:
    (folder / "film").write_text("bytes")
    print(folder, flush=True)
    time.sleep(60)
"""


KEEP = """
import sys, time
from pathlib import Path
from services.backbone.dispatch.scratch import keep_swept
keep_swept(Path(sys.argv[1]), every=0.05)
print(flush=True)
time.sleep(60)
"""


def make_old(root: Path) -> None:
    for path in root.rglob("*"):
        os.utime(path, (time.time() - 3600, time.time() - 3600))


def test_a_folder_is_gone_after_use(tmp_path: Path):
    with scratch.scratch_folder(tmp_path, "step") as folder:
        (folder / "film").write_text("bytes")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_gone_after_a_failure(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt), scratch.scratch_folder(tmp_path, "step"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept(tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        make_old(tmp_path)
        assert scratch.sweep(tmp_path) == 0
        assert (folder / "film").exists()
        holder.send_signal(signal.SIGKILL)
    assert scratch.sweep(tmp_path) == 1
    assert not folder.exists()


def test_a_worker_that_lives_on_sweeps_what_one_of_its_pool_left(tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", KEEP, str(tmp_path)], stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout is not None
        keeper.stdout.readline()
        left = tmp_path / "step-left"
        left.mkdir()
        (left / ".lock").touch()
        make_old(tmp_path)
        until = time.monotonic() + 30
        while left.exists() and time.monotonic() < until:
            time.sleep(0.02)
        keeper.kill()
    assert not left.exists()


def test_a_folder_that_was_just_made_is_left_alone(tmp_path: Path):
    young = tmp_path / "step-young"
    young.mkdir()
    (young / ".lock").touch()
    assert scratch.sweep(tmp_path) == 0


def test_a_place_that_is_none_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="scratch folder"), scratch.scratch_folder(tmp_path / "file", "step"):
        pass
