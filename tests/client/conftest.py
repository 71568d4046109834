"""A client before the real API over a socket, real PostgreSQL, Redis and an S3 server behind it.

service     the URL of the API, and a key of a fresh account
client      the blocking client of it
store_wire  the wire to the store, which can be cut
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from services.api.app import create_app
from services.backbone import keys
from services.backbone.ids import new_id
from services.backbone.keys import Scope
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.sessions import transaction
from services.backbone.settings import settings
from soundstage.client import Client, Patience
from tests.client.proxy import Wire, wire_to
from tests.services.api.serving import over_socket
from tests.services.conftest import (  # noqa: F401 - fixtures
    bucket,
    buckets,
    database_url,
    object_store_env,
    postgres_url,
    redis_server_url,
    redis_url,
    servers_folder,
    service_environment,
    template_database,
)

HASTY = Patience(tries=3, tries_at_first=3, first=0.02, longest=0.05)


@dataclass(frozen=True)
class Service:
    url: str
    key: str
    account_id: str


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes on uploads go where no other test finds them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def store_wire(
    service_environment: Mapping[str, str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Wire]:
    store = urlsplit(service_environment["S3_ENDPOINT_URL"])
    with wire_to(store.hostname or "", store.port or 80) as wire:
        monkeypatch.setenv("SOUNDSTAGE_S3_PUBLIC_URL", wire.url)
        settings.cache_clear()
        yield wire


@pytest.fixture
def service(store_wire: Wire) -> Iterator[Service]:
    with transaction() as session:
        account = Accounts(session).create(new_id("name"))
        _, key = keys.create(session, account.id, "test", (Scope.ADMIN,), rate_per_minute=100_000)
    with over_socket(create_app(settings())) as url:
        yield Service(url, key, account.id)


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url, service.key, patience=HASTY) as made:
        yield made
