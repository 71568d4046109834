"""`soundstage up` as a user runs it: from nothing to a dubbed film, stopped, started again, gone without a trace."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from services.up.command import usual_workers, with_workers
from services.up.supervisor import Task, answers
from services.up.table import module
from soundstage.client import Client
from tests.footage import SIZE, piece, tone, write_film

_SERVERS = ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL")


class Machine:
    """A user's account: a home of its own, a data folder, and the program."""

    def __init__(self, root: Path) -> None:
        self.data = root / "data"
        self.log = root / "up.log"
        inherited = {name: value for name, value in os.environ.items() if name not in _SERVERS}
        self.environment = {**inherited, "XDG_CONFIG_HOME": str(root / "config"), "XDG_STATE_HOME": str(root / "state")}
        self.up: subprocess.Popen[bytes] | None = None
        self.told = ""

    def start(self) -> str:
        """Start the service and wait until it says that it is up; what it said."""
        with self.log.open("wb") as log:
            self.up = self._run("up", "--data", self.data, "--workers", "1", stdout=log, stderr=log)
        self.wait_for(lambda: "Ctrl-C stops it" in self.log.read_text())
        return self.log.read_text()

    def stop(self) -> int:
        assert self.up
        self.up.send_signal(signal.SIGINT)
        return self.up.wait(120)

    def say(self, *words: str | Path, code: int = 0) -> str:
        process = self._run(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=240)
        self.told = err.decode()
        assert process.returncode == code, f"{self.told}\n{self.logs()}"
        return out.decode()

    def json(self, *words: str | Path) -> Mapping[str, object]:
        found: Mapping[str, object] = json.loads(self.say(*words, "--json"))
        return found

    def processes(self) -> list[psutil.Process]:
        """All that was started for the data folder."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            told = [process.environ().get("SOUNDSTAGE_SCRATCH", ""), *process.cmdline()]
        except psutil.Error:
            return False
        return any(str(self.data) in word for word in told)

    def wait_for(self, done: Callable[[], bool], seconds: float = 180) -> None:
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, self.logs()
            assert self.up is None or self.up.poll() is None, self.logs()
            time.sleep(0.2)

    def logs(self) -> str:
        logs = [self.log, *sorted((self.data / "logs").glob("*.log"))]
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-2000:]}" for log in logs if log.exists())

    def _run(self, *words: str | Path, **pipes: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "-m", "soundstage", *map(str, words)],
            env=self.environment,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            **pipes,
        )


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not under pytest's own folder, which is closed to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="soundstage-up-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        made = Machine(Path(folder))
        yield made
        if made.up and made.up.poll() is None:
            made.up.terminate()
            made.up.wait(120)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    (tmp_path / "films").mkdir()
    return write_film(tmp_path / "films" / "street.mp4", piece(3, 40, size=SIZE), sound=tone(seconds=1.6))


@pytest.mark.timeout(600)
def test_from_nothing_to_a_film_and_on_after_a_stop(machine: Machine, film: Path, tmp_path: Path) -> None:
    said = machine.start()
    key = re.search(r"\bsk_[0-9A-Za-z]{38}\b", said)
    assert key
    curl = next(line.strip() for line in said.splitlines() if line.strip().startswith("curl "))
    assert key[0] in curl
    assert (Path(machine.environment["XDG_CONFIG_HOME"]) / "soundstage" / "service.json").stat().st_mode & 0o077 == 0

    # The other commands just work.
    machine.say("submit", film, "--wait", "-o", tmp_path / "result")
    assert {"film.mp4", "master.flac", "inspection.png"} <= {path.name for path in (tmp_path / "result").iterdir()}
    made = machine.json("keys", "create", "reader", "--scope", "read", "--data", machine.data)
    assert str(made["key"]).startswith("sk_")
    machine.say("cancel", "job_none", "--key", str(made["key"]), code=9)
    machine.say("keys", "revoke", str(made["id"]), "--data", machine.data)
    assert machine.json("accounts", "limit", "home", "--jobs", "9", "--data", machine.data)["jobs"] == 9
    assert machine.json("accounts", "limit", "home", "--lift", "--data", machine.data)["jobs"] is None

    # What the user edits is made anew, and nothing else.
    connection = json.loads((Path(machine.environment["XDG_CONFIG_HOME"]) / "soundstage" / "service.json").read_text())
    with Client(connection["url"], connection["key"]) as client:
        (first,) = client.jobs()
        _edit_and_render(client, first.id)

    # Stopped in the middle of a job, it keeps it for the next start.
    job = str(machine.json("submit", film, "--seed", "7")["id"])
    assert machine.stop() == 0
    assert machine.processes() == []
    again = machine.start()
    assert "shown this once" not in again
    machine.say("watch", job)
    assert machine.json("status", job)["status"] == "succeeded"

    # A batch that is brought home, and knows that it is.
    for _ in range(2):
        done = machine.json("batch", film.parent, "--out", tmp_path / "batch")
        assert done["counts"] == {"fetched": 1}
    assert (tmp_path / "batch" / "street" / "film.mp4").stat().st_size > 1000

    assert machine.stop() == 0
    assert machine.processes() == []


def _edit_and_render(client: Client, job: str) -> None:
    before = {artifact.name: artifact.sha256 for artifact in client.artifacts(job)}
    read = client.cuesheet(job)
    for scene in read.document["scenes"]:
        for cue in scene["cues"]:
            cue["level"] -= 6.0
    client.put_cuesheet(job, read.document, read.etag)
    client.render(job)
    assert client.wait(job).revision == 1
    after = {artifact.name: artifact.sha256 for artifact in client.artifacts(job)}
    assert after["master.flac"] != before["master.flac"]
    takes = {name: digest for name, digest in before.items() if name.startswith("takes/")}
    assert takes.items() <= after.items()


@pytest.mark.timeout(600)
def test_in_the_background_it_is_up_until_it_is_told(machine: Machine) -> None:
    options = ("--data", machine.data, "--workers", "1")
    said = machine.say("up", *options, "--detach")
    try:
        (url,) = re.findall(r"Soundstage is up at (\S+) ", said)
        assert answers(f"{url}/readyz")()
        assert f"soundstage down --data {machine.data} stops it" in said
        machine.say("up", *options, "--detach", code=2)
    finally:
        ended = machine.say("down", "--data", machine.data)
    assert "Everything is stopped" in ended
    assert machine.processes() == []
    assert "Nothing is up" in machine.say("down", "--data", machine.data)


def test_in_the_background_it_tells_why_it_does_not_start(machine: Machine) -> None:
    machine.data.mkdir()
    (machine.data / "secrets.json").write_text("{")
    machine.say("up", "--data", machine.data, "--detach", code=8)
    assert "secrets.json cannot be read" in machine.told
    assert machine.processes() == []


def test_a_second_up_on_the_same_folder_is_told(machine: Machine) -> None:
    machine.data.mkdir()
    holder = (
        "import sys, time\nfrom pathlib import Path\nfrom services.up.home import Home\n"
        "with Home.at(Path(sys.argv[1])).held():\n    print(flush=True)\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", holder, str(machine.data)], stdout=subprocess.PIPE) as first:
        assert first.stdout
        first.stdout.readline()
        machine.say("up", "--data", machine.data, code=2)
        first.kill()


def test_keys_of_a_folder_without_a_service_are_told(machine: Machine) -> None:
    machine.say("keys", "list", "--data", machine.data, code=2)


def test_only_the_workers_get_processes() -> None:
    table = [Task("key", lambda _: None), module("services.backbone.keeper"), module("services.worker_gpu")]
    _, keeper, worker = with_workers(table, 3)
    assert keeper == table[1]
    assert worker.command[-2:] == ("--processes", "3")  # type: ignore[union-attr]
    assert usual_workers() >= 1
