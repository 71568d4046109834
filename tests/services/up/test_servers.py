import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

import boto3
import psutil
import psycopg
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import ClientError

from services.up.postgres import Postgres
from services.up.process import FailedStart, Program, guarded
from services.up.server import HOST, Server, bare_environment
from services.up.servers import needed_servers, running
from services.up.store import Store
from services.up.valkey import Valkey
from soundstage.errors import StorageError
from tests.services.up.programs import REPOSITORY, alive, group

Make = Callable[[Path], Server]
ALL: tuple[Make, ...] = (lambda folder: Postgres(folder, durable=False), Valkey, Store)
each = pytest.mark.parametrize("make", ALL, ids=["postgres", "valkey", "store"])
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
ORDINARY = """
import sys
from pathlib import Path
from services.up.servers import needed_servers, running
with running(needed_servers(Path(sys.argv[1]), {})) as environment:
    print(*sorted(environment))
"""


@pytest.fixture
def folder(servers_folder: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=servers_folder))


def remember(server: Server) -> None:
    """Have a server keep something."""
    if isinstance(server, Postgres):
        with psycopg.connect(server.url) as connection:
            connection.execute("create table film (name text)")
            connection.execute("insert into film values ('Sunrise')")
    elif isinstance(server, Valkey):
        with redis.Redis.from_url(server.url) as client:
            client.set("film", "Sunrise")
    else:
        client = s3(server.url, server.secret)
        client.create_bucket(Bucket="films")
        client.put_object(Bucket="films", Key="film", Body=b"Sunrise")


def recall(server: Server) -> str:
    if isinstance(server, Postgres):
        with psycopg.connect(server.url) as connection:
            row = connection.execute("select name from film").fetchone()
            assert row is not None
            return str(row[0])
    if isinstance(server, Valkey):
        with redis.Redis.from_url(server.url, decode_responses=True) as client:
            return str(client.get("film"))
    return s3(server.url, server.secret).get_object(Bucket="films", Key="film")["Body"].read().decode()


def s3(url: str, secret: str):  # type: ignore[no-untyped-def]
    keys = {"aws_access_key_id": "soundstage", "aws_secret_access_key": secret, "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}), **keys)


@each
def test_data_port_and_secret_outlast_a_stop(make: Make, folder: Path) -> None:
    server = make(folder)
    url, secret = server.start(), server.secret
    remember(server)
    server.stop()
    again = make(folder)
    assert again.start() == url
    assert again.secret == secret
    assert recall(again) == "Sunrise"
    again.stop()


@each
def test_data_outlast_a_kill(make: Make, folder: Path) -> None:
    server = make(folder)
    server.start()
    remember(server)
    if isinstance(server, Valkey):
        # It writes to the disk once a second.
        with redis.Redis.from_url(server.url) as client:
            client.execute_command("WAITAOF", 1, 0, 2000)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    again = make(folder)
    again.start()
    assert recall(again) == "Sunrise"
    again.stop()


@each
def test_nothing_runs_after_a_stop(make: Make, folder: Path) -> None:
    server = make(folder)
    server.start()
    assert server.pid is not None
    family = [server.pid, *(child.pid for child in psutil.Process(server.pid).children(recursive=True))]
    server.stop()
    assert not any(alive(pid) for pid in family)
    assert group(server.pid) == []
    assert list((folder / "run").iterdir()) == []


@each
def test_a_taken_port_is_exchanged(make: Make, folder: Path) -> None:
    server = make(folder)
    port = server.port
    with socket.socket() as squatter:
        squatter.bind((HOST, port))
        squatter.listen()
        server.start()
        assert server.port != port
        remember(server)
    server.stop()


@each
def test_no_secret_shows_in_the_process_list_or_to_other_users(make: Make, folder: Path) -> None:
    server = make(folder)
    server.start()
    assert server.pid is not None
    lines = psutil.Process(server.pid).cmdline()
    server.stop()
    assert not any(server.secret in word for word in lines)
    holders = [path for path in folder.rglob("*") if path.is_file() and server.secret.encode() in path.read_bytes()]
    assert holders
    assert all(path.stat().st_mode & 0o077 == 0 for path in holders)


def test_a_wrong_password_is_refused(folder: Path) -> None:
    with running(needed_servers(folder, {})) as environment:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong(environment["DATABASE_URL"]))
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(wrong(environment["REDIS_URL"])).ping()
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            s3(environment["S3_ENDPOINT_URL"], "wrong").list_buckets()


def wrong(url: str) -> str:
    before, _, after = url.rpartition("@")
    return f"{before}x@{after}"


def test_servers_that_the_environment_names_are_not_started(folder: Path) -> None:
    named = {"DATABASE_URL": "postgresql://db/films", "REDIS_URL": "", "S3_ENDPOINT_URL": "http://s3"}
    assert [server.name for server in needed_servers(folder, named)] == ["valkey"]


def test_a_failed_start_tells_why(folder: Path) -> None:
    server = Postgres(folder, durable=False)
    server.start()
    server.stop()
    (server.home / "PG_VERSION").write_text("9\n")
    with pytest.raises(FailedStart, match="postgres ended at once") as failure:
        server.start()
    assert "database files are incompatible with server" in failure.value.log


def test_a_broken_first_start_is_made_good(folder: Path) -> None:
    server = Postgres(folder, durable=False)
    server.home.mkdir()
    (server.home / "base").write_text("half a cluster")
    server.start()
    remember(server)
    server.stop()


def test_a_recycled_id_does_not_keep_postgres_from_starting(folder: Path) -> None:
    server = Postgres(folder, durable=False)
    server.start()
    lines = (server.home / "postmaster.pid").read_text().splitlines()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    stranger = subprocess.Popen(guarded(Program("s", ("/bin/sleep", "600"), account=server._account)))
    try:
        (server.home / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        server.start()
        server.stop()
    finally:
        stranger.kill()
        stranger.wait()


@as_root
def test_all_of_it_runs_as_an_ordinary_user(folder: Path) -> None:
    folder.chmod(0o711)
    home = folder / "home"
    home.mkdir()
    home.chmod(0o777)
    program = Program("ordinary", (python_for_all(), "-c", ORDINARY, str(home / "data")), account="nobody")
    # redis wants this module before Python 3.11.3, which the interpreter found here may be.
    (home / "async_timeout.py").write_text("from asyncio import timeout")
    packages = f"{home}:{sysconfig.get_path('purelib')}"
    environment = bare_environment(PYTHONPATH=packages, PYTHONDONTWRITEBYTECODE="1")
    environment["PATH"] = f"{sysconfig.get_path('scripts')}:{environment['PATH']}"
    done = subprocess.run(
        guarded(program), env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.split() == sorted(
        ["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL"]
    )


def python_for_all() -> str:
    """An interpreter that an ordinary user may run; ours can lie in root's own folder."""
    places = (sys.executable, shutil.which(f"python3.{sys.version_info.minor}", path="/usr/local/bin:/usr/bin"))
    for place in filter(None, places):
        program = Program("try", (place, "-c", ""), account="nobody")
        if subprocess.run(guarded(program), capture_output=True, check=False).returncode == 0:
            return place
    pytest.skip("no interpreter that an ordinary user may run")


@as_root
def test_a_cluster_keeps_the_account_that_made_it(folder: Path) -> None:
    server = Postgres(folder, durable=False)
    server._account = "nobody"
    server.start()
    remember(server)
    server.stop()
    again = Postgres(folder, durable=False)
    again.start()
    assert again.pid is not None
    assert psutil.Process(again.pid).username() == "nobody"
    assert recall(again) == "Sunrise"
    again.stop()


@as_root
def test_a_folder_that_is_closed_to_the_account_is_told_in_one_sentence(closed: Path) -> None:
    with pytest.raises(StorageError, match=r"Started by root, PostgreSQL runs as the user .*, who cannot reach"):
        Postgres(closed / "data").start()
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def closed(folder: Path) -> Path:
    inner = folder / "closed"
    inner.mkdir(mode=0o700)
    return inner
