import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import boto3
import psutil
import pytest

from services.backbone.ledger.migrate import is_current
from services.up.home import Home
from services.up.process import FailedStart, Program
from services.up.server import HOST
from services.up.supervisor import Event, State, Status, Supervisor, Task, answers
from services.up.table import api_port, make_bucket, module, service_table, settings_of
from services.up.valkey import Valkey
from tests.services.up.programs import REPOSITORY, alive, eventually, group, python, sleeper

# Writes down when it is asked to end, takes its time, writes down when it ends.
POLITE = """
import signal, sys, time
from pathlib import Path
name, diary, pause = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
def write(word):
    with diary.open("a") as file: file.write(f"{name} {word}\\n")
def leave(*_):
    write("asked"); time.sleep(pause); write("ended"); sys.exit(0)
signal.signal(signal.SIGTERM, leave)
write("began")
while True: time.sleep(.05)
"""
# A whole `up`: Valkey, then two programs; tells the process ids as JSON.
UP = """
import json, os, sys, time
from pathlib import Path
from services.up.home import Home
from services.up.process import Program
from services.up.supervisor import Supervisor, inherited
home = Home.at(Path(sys.argv[1]))
with home.held() as leftovers:
    print(json.dumps(leftovers), flush=True)
    named = {"DATABASE_URL": "postgresql://elsewhere/films", "S3_ENDPOINT_URL": "http://elsewhere"}
    pause = sys.argv[2]
    command = [sys.executable, sys.argv[3]]
    programs = [
        Program(name, (*command, name, str(home.root / "diary"), pause), grace=60) for name in ("api", "worker")
    ]
    def tell(environment):
        pids = {path.stem: json.loads(path.read_text())["pid"] for path in (home.root / "run").glob("*.json")}
        print(json.dumps(pids), flush=True)
    table = [*home.servers(named), *programs]
    Supervisor(home.root, inherited()).run(table, on_ready=tell, on_event=lambda event: None)
"""


class Diary:
    """Hears events, and can end the run when one comes."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, name: str) -> list[State]:
        return [event.state for event in self.events if event.name == name]


@pytest.fixture
def diary() -> Diary:
    return Diary()


def polite(name: str, diary: Path, pause: float = 0.0, **options: object) -> Program:
    command = (sys.executable, "-c", POLITE, name, str(diary), str(pause))

    def began() -> bool:
        return diary.exists() and f"{name} began" in diary.read_text()

    return Program(name, command, healthy=began, **options)  # type: ignore[arg-type]


def supervisor(folder: Path) -> Supervisor:
    return Supervisor(folder, dict(os.environ))


def pids(folder: Path) -> dict[str, int]:
    return {path.stem: json.loads(path.read_text())["pid"] for path in (folder / "run").glob("*.json")}


def test_starts_in_order_and_stops_the_servers_last(tmp_path: Path, diary: Diary) -> None:
    server, book, up = Valkey(tmp_path), tmp_path / "book", supervisor(tmp_path)
    seen: list[Mapping[str, str]] = []
    table = (server, Task("migrations", seen.append), polite("api", book), polite("worker", book))
    running: dict[str, int] = {}

    def ready(environment: Mapping[str, str]) -> None:
        running.update(pids(tmp_path))
        up.stop()

    up.run(table, on_ready=ready, on_event=diary)
    assert [event.name for event in diary.events] == ["valkey", "api", "worker", "worker", "api", "valkey"]
    assert seen[0]["REDIS_URL"] == server.url
    assert set(running) == {"valkey", "api", "worker"}
    assert not any(group(pid) for pid in running.values())
    assert pids(tmp_path) == {}


def test_programs_see_the_servers_addresses(tmp_path: Path, diary: Diary) -> None:
    server, up = Valkey(tmp_path), supervisor(tmp_path)
    told = tmp_path / "told"
    code = f"import os, time; open({str(told)!r}, 'w').write(os.environ['REDIS_URL']); time.sleep(600)"
    reader = Program("reader", (sys.executable, "-c", code), healthy=lambda: told.exists() and told.read_text() != "")
    up.run((server, reader), on_ready=lambda _: up.stop(), on_event=diary)
    assert told.read_text() == server.url


def test_programs_are_all_given_their_time_at_once(tmp_path: Path, diary: Diary) -> None:
    book, up = tmp_path / "book", supervisor(tmp_path)
    up.run(
        [polite(name, book, pause=0.5) for name in ("api", "worker")],
        on_ready=lambda _: up.stop(),
        on_event=diary,
    )
    words = book.read_text().splitlines()[2:]
    assert sorted(words[:2]) == ["api asked", "worker asked"]
    assert sorted(words[2:]) == ["api ended", "worker ended"]


def test_a_crashed_program_is_started_again_and_it_is_said_in_one_line(tmp_path: Path, diary: Diary) -> None:
    up = supervisor(tmp_path)
    first: list[int] = []

    def kill(_: Mapping[str, str]) -> None:
        first.append(pids(tmp_path)["worker"])
        os.kill(first[0], signal.SIGKILL)

    def look(states: Sequence[Status]) -> None:
        if states[0].restarts == 1 and states[0].state is State.RUNNING:
            assert states[0].pid != first[0]
            up.stop()

    up.run([sleeper("worker")], on_ready=kill, on_event=diary, panel=look)
    assert diary.of("worker") == [State.RUNNING, State.WAITING, State.RUNNING, State.STOPPED]
    log = tmp_path / "logs" / "worker.log"
    assert str(diary.events[1]) == f"worker: ended with SIGKILL; starts again in 0.5 s; its log is {log}"


def test_it_waits_longer_after_every_crash(tmp_path: Path, diary: Diary) -> None:
    up = supervisor(tmp_path)

    def look(states: Sequence[Status]) -> None:
        if diary.of("crasher").count(State.WAITING) == 3:
            up.stop()

    up.run([python("crasher", "import time; time.sleep(.2); raise SystemExit(3)")], on_event=diary, panel=look)
    delays = [event.text for event in diary.events if event.state is State.WAITING]
    assert [text.split("; ")[1] for text in delays] == [f"starts again in {s} s" for s in ("0.5", "1", "2")]


def test_what_a_crashed_program_had_started_is_ended_first(tmp_path: Path, diary: Diary) -> None:
    code = "import subprocess, time; print(subprocess.Popen(['/bin/sleep', '600']).pid, flush=True); time.sleep(600)"
    log, up = tmp_path / "logs" / "worker.log", supervisor(tmp_path)
    worker = python("worker", code, healthy=lambda: log.exists() and log.read_text().endswith("\n"))

    def look(states: Sequence[Status]) -> None:
        if states[0].state is State.WAITING:
            up.stop()

    up.run([worker], on_ready=lambda _: os.kill(pids(tmp_path)["worker"], signal.SIGKILL), on_event=diary, panel=look)
    assert not alive(int(log.read_text()))


def test_a_server_that_crashed_comes_back_on_its_port(tmp_path: Path, diary: Diary) -> None:
    server, up = Valkey(tmp_path), supervisor(tmp_path)
    ports = [server.port]

    def look(states: Sequence[Status]) -> None:
        if states[0].restarts == 1 and states[0].state is State.RUNNING:
            ports.append(server.port)
            up.stop()

    up.run([server], on_ready=lambda _: os.kill(pids(tmp_path)["valkey"], signal.SIGKILL), on_event=diary, panel=look)
    assert ports[0] == ports[1]
    assert State.WAITING in diary.of("valkey")


def test_one_that_does_not_start_ends_all_and_shows_its_last_lines(tmp_path: Path, diary: Diary) -> None:
    up = supervisor(tmp_path)
    table = [
        sleeper("api"),
        python("worker", "raise SystemExit('no model')", healthy=lambda: False),
        sleeper("never"),
    ]
    with pytest.raises(FailedStart, match="worker ended at once"):
        up.run(table, on_event=diary)
    assert str(diary.events[1]) == "worker: did not start; it wrote:\nno model"
    assert pids(tmp_path) == {}
    assert diary.of("never") == []


def test_a_task_that_fails_ends_all(tmp_path: Path, diary: Diary) -> None:
    def fail(environment: Mapping[str, str]) -> None:
        raise ValueError("no such revision")

    with pytest.raises(ValueError, match="no such revision"):
        supervisor(tmp_path).run([sleeper("api"), Task("migrations", fail)], on_event=diary)
    assert diary.of("api") == [State.RUNNING, State.STOPPED]
    assert pids(tmp_path) == {}


def test_a_listener_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    def closed_terminal(event: Event) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        supervisor(tmp_path).run([sleeper("api"), sleeper("worker")], on_event=closed_terminal)
    assert pids(tmp_path) == {}


def test_the_signals_are_as_before_when_it_ends(tmp_path: Path, diary: Diary) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    up = supervisor(tmp_path)
    up.run([], on_ready=lambda _: up.stop(), on_event=diary)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


class Up:
    """An `up` as a process of its own."""

    def __init__(self, folder: Path, pause: float = 0.0) -> None:
        script = folder / "polite.py"
        script.write_text(POLITE)
        self.diary = folder / "diary"
        self.process = subprocess.Popen(
            [sys.executable, "-c", UP, str(folder), str(pause), str(script)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        assert self.process.stdout is not None
        self.leftovers: list[str] = json.loads(self.process.stdout.readline())
        self.pids: dict[str, int] = json.loads(self.process.stdout.readline())

    def stop(self, number: signal.Signals) -> float:
        """Send a signal and wait for the end; the seconds that took."""
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait()
        return time.monotonic() - start

    def has_begun(self) -> bool:
        return self.diary.exists() and self.diary.read_text().count("began") == 2

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


@pytest.fixture
def up() -> Iterator[Callable[..., Up]]:
    folder = Path(tempfile.mkdtemp(prefix="soundstage-up-"))
    started: list[Up] = []

    def start(pause: float = 0.0) -> Up:
        started.append(Up(folder, pause))
        return started[-1]

    yield start
    for one in started:
        one.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_that_it_started(up: Callable[..., Up], number: signal.Signals) -> None:
    one = up()
    assert set(one.pids) == {"valkey", "api", "worker"}
    assert eventually(one.has_begun)
    one.stop(number)
    assert one.process.returncode == 0
    assert not any(group(pid) for pid in one.pids.values())
    assert one.diary.read_text().count("ended") == 2


def test_a_second_interrupt_stops_at_once(up: Callable[..., Up]) -> None:
    one = up(pause=60.0)
    assert eventually(one.has_begun)
    one.process.send_signal(signal.SIGINT)
    assert eventually(lambda: one.diary.read_text().count("asked") == 2)
    assert one.stop(signal.SIGINT) < 10
    assert not any(group(pid) for pid in one.pids.values())


def test_the_next_up_ends_what_a_killed_one_left(up: Callable[..., Up]) -> None:
    one = up(pause=60.0)
    assert eventually(one.has_begun)
    # These are told of their parent's death, but take a minute.
    one.process.kill()
    one.process.wait()
    assert alive(one.pids["api"])
    assert alive(one.pids["worker"])
    stranger = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    try:
        two = up()
        assert set(two.leftovers) >= {"api", "worker"}
        assert not any(group(pid) for pid in one.pids.values())
        assert alive(stranger.pid)
        assert all(alive(pid) for pid in two.pids.values())
        two.stop(signal.SIGTERM)
    finally:
        stranger.kill()
        stranger.wait()


def test_the_whole_table_over_real_servers(servers_folder: Path, diary: Diary) -> None:
    home = Home.at(servers_folder / "whole-table")
    with home.held():
        environment = {**bare(), **home.environment({}, public_url="http://127.0.0.1:8000")}
        table = service_table(home.servers({}), port=8000, tasks=[Task("look", look_at_the_ground)])
        up = Supervisor(home.root, environment)
        # The services themselves are not needed to see that their ground is laid.
        ground = [entry for entry in table if not isinstance(entry, Program)]
        up.run([*ground, sleeper("keeper")], on_ready=lambda _: up.stop(), on_event=diary)
    assert [event.name for event in diary.events][:4] == ["postgres", "valkey", "store", "keeper"]
    programs = [entry.name for entry in table if isinstance(entry, Program)]
    assert programs == ["api", "keeper", "worker_llm", "worker_gpu"]
    assert pids(home.root) == {}
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(home.root) in " ".join(p.info["cmdline"] or [])]


def look_at_the_ground(environment: Mapping[str, str]) -> None:
    """The ledger is migrated and the bucket is made."""
    assert is_current(environment["DATABASE_URL"])
    make_bucket(environment)
    client = boto3.client(
        "s3",
        endpoint_url=environment["S3_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["soundstage"]


def bare() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PYTHONPATH")}


def test_settings_are_read_from_given_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://other/films")
    settings = settings_of(
        {
            "DATABASE_URL": "postgresql://db/films",
            "REDIS_URL": "redis://queue",
            "SOUNDSTAGE_SECRET": "x" * 40,
            "SOUNDSTAGE_SOURCE_BUCKETS": "rushes, reels",
        }
    )
    assert settings.database_url == "postgresql://db/films"
    assert settings.source_buckets == ("rushes", "reels")


def test_a_module_is_called_after_its_last_part() -> None:
    program = module("services.backbone.keeper", "--once")
    assert program.name == "keeper"
    assert program.command[1:] == ("-m", "services.backbone.keeper", "--once")


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_health_is_a_good_answer() -> None:
    with HTTPServer((HOST, 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        base = f"http://{HOST}:{server.server_port}"
        assert api_port(server.server_port) != server.server_port
        assert answers(f"{base}/healthz")()
        assert not answers(f"{base}/readyz")()
        server.shutdown()
        thread.join()
    assert not answers(f"{base}/healthz")()
    assert api_port(server.server_port) == server.server_port
