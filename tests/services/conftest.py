"""Real servers for the tests of the service: from the wheels, or those that the environment names.

    postgres_url        session   a PostgreSQL server
    database_url        module    a fresh database on it, migrated
    fresh_database_url  function  another one, for one test alone
    redis_url           module    a Redis database, empty
    object_store_env    session   the variables that name the S3 server and its keys
    bucket              function  an empty bucket
    service_environment function  all variables of a service on these, also set in os.environ
    service_settings    function  the Settings that they make
    private_servers     function  servers of the test's own, to stop, kill and start

Every xdist worker has servers of its own: a start takes a second and a half, and no test disturbs another's.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import boto3
import psycopg
import pytest
import redis
from botocore.exceptions import ClientError

from services.backbone.ledger.migrate import upgrade
from services.backbone.settings import Settings, settings
from services.up.postgres import Postgres
from services.up.server import stop_all
from services.up.store import Store
from services.up.valkey import Valkey

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Not under pytest's own folder: as root, PostgreSQL runs as another user, who may not enter that."""
    folder = Path(tempfile.mkdtemp(prefix="soundstage-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(servers_folder: Path) -> Iterator[str]:
    if named := os.environ.get("DATABASE_URL"):
        yield named
        return
    server = Postgres(servers_folder, durable=False)
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database that others are copied from."""
    with _database(postgres_url, "template") as url:
        upgrade(url)
        yield _database_of(url)


@pytest.fixture(scope="module")
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    with _database(postgres_url, "module", template_database) as url:
        yield url


@pytest.fixture
def fresh_database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    with _database(postgres_url, "test", template_database) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """For tests of the migrations themselves."""
    with _database(postgres_url, "empty") as url:
        yield url


@pytest.fixture(scope="session")
def redis_server_url(servers_folder: Path) -> Iterator[str]:
    """An empty database of a server; every worker has its own."""
    if named := os.environ.get("REDIS_URL"):
        yield _empty_redis(named)
        return
    server = Valkey(servers_folder)
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def redis_url(redis_server_url: str) -> Iterator[str]:
    yield redis_server_url
    with redis.Redis.from_url(redis_server_url) as client:
        client.flushdb()


@pytest.fixture(scope="session")
def object_store_env(servers_folder: Path) -> Iterator[Mapping[str, str]]:
    if os.environ.get("S3_ENDPOINT_URL"):
        names = ("S3_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
        yield {name: os.environ[name] for name in names if name in os.environ}
        return
    server = Store(servers_folder)
    server.start()
    yield server.environment()
    server.stop()


class Buckets:
    """Lends out empty buckets: one that comes back as it went serves again."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._client = boto3.client(
            "s3",
            endpoint_url=environment["S3_ENDPOINT_URL"],
            aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY"),
            region_name=environment.get("AWS_REGION", "us-east-1"),
        )
        self._empty: str | None = None

    def take(self) -> str:
        """The name of an empty bucket."""
        if self._empty is None:
            self._empty = f"soundstage-{secrets.token_hex(6)}"
            self._client.create_bucket(Bucket=self._empty)
        name, self._empty = self._empty, None
        return name

    def give_back(self, name: str) -> None:
        """Keep it for the next, or remove it with what was left in it."""
        if self._client.list_objects_v2(Bucket=name).get("Contents") or self._has_uploads(name):
            self._remove(name)
        else:
            self._empty = name

    def close(self) -> None:
        """Remove what is there."""
        if self._empty:
            self._remove(self._empty)
        self._client.close()

    def _has_uploads(self, name: str) -> bool:
        try:
            return bool(self._client.list_multipart_uploads(Bucket=name).get("Uploads"))
        except ClientError:  # so some stores say that there is none
            return False

    def _remove(self, name: str) -> None:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=name):
            for item in page.get("Contents", []):
                self._client.delete_object(Bucket=name, Key=item["Key"])
        with suppress(ClientError):  # a store that does not list unfinished uploads keeps the bucket for their sake
            self._client.delete_bucket(Bucket=name)


@pytest.fixture(scope="session")
def buckets(object_store_env: Mapping[str, str]) -> Iterator[Buckets]:
    made = Buckets(object_store_env)
    yield made
    made.close()


@pytest.fixture
def bucket(buckets: Buckets) -> Iterator[str]:
    name = buckets.take()
    yield name
    buckets.give_back(name)


@pytest.fixture
def service_environment(
    database_url: str,
    redis_url: str,
    object_store_env: Mapping[str, str],
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Mapping[str, str]]:
    """Set here too, so that child processes and `settings()` in the test see it."""
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        **object_store_env,
        "SOUNDSTAGE_S3_BUCKET": bucket,
        "SOUNDSTAGE_SECRET": secrets.token_urlsafe(48),
        "SOUNDSTAGE_SCRATCH": str(tmp_path / "scratch"),
        "SOUNDSTAGE_ALLOW_LOOPBACK": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield environment
    settings.cache_clear()


@pytest.fixture
def service_settings(service_environment: Mapping[str, str]) -> Settings:
    return settings()


@dataclass(frozen=True)
class PrivateServers:
    postgres: Postgres
    valkey: Valkey
    store: Store

    @property
    def environment(self) -> Mapping[str, str]:
        return {**self.postgres.environment(), **self.valkey.environment(), **self.store.environment()}


@pytest.fixture
def private_servers(servers_folder: Path) -> Iterator[PrivateServers]:
    """Always from the wheels: a test that stops a server must not stop somebody's. The database is not migrated."""
    folder = Path(tempfile.mkdtemp(dir=servers_folder))
    servers = PrivateServers(Postgres(folder, durable=False), Valkey(folder), Store(folder))
    all_three = (servers.postgres, servers.valkey, servers.store)
    try:
        for server in all_three:
            server.start()
        yield servers
    finally:
        stop_all(all_three)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(server: str, label: str, template: str = "template1") -> Iterator[str]:
    name = f"soundstage_{label}_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template}"')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'drop database if exists "{name}" with (force)')


def _database_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _empty_redis(named: str) -> str:
    """A numbered database for this worker; never one that holds somebody's data."""
    parts = urlsplit(named)
    number = int(parts.path.removeprefix("/") or 0) + _WORKER
    url = urlunsplit(parts._replace(path=f"/{number}"))
    with redis.Redis.from_url(url) as client:
        if client.dbsize():
            pytest.fail(f"Database {number} of REDIS_URL is not empty, and the tests would flush it; name another.")
    return url
