"""The app over real servers, without a socket: `api` calls it with a key of a fresh account that may do all.

app         the app, its lifespan running
account     a fresh account; `accounts()` makes more
api         httpx.AsyncClient with the account's key
ledger      runs a function of a Session in a transaction of its own: `ledger(lambda s: ...)`
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from services.api.app import create_app
from services.backbone import keys
from services.backbone.ids import new_id
from services.backbone.keys import Scope
from services.backbone.ledger.repositories.accounts import Accounts
from services.backbone.ledger.sessions import transaction
from services.backbone.settings import Settings

T = TypeVar("T")
Ledger = Callable[[Callable[[Session], T]], T]


@dataclass(frozen=True)
class Tenant:
    """An account and a key of it."""

    id: str
    key: str
    key_id: str


Tenants = Callable[..., Tenant]
Client = Callable[[str | None], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ledger(service_settings: Settings) -> Ledger:
    def run(ask: Callable[[Session], T]) -> T:
        with transaction() as session:
            return ask(session)

    return run


@pytest.fixture
def accounts(ledger: Ledger) -> Tenants:
    """Makes an account: `accounts(scopes=..., rate_per_minute=..., max_jobs=...)`."""

    def make(*, scopes: tuple[Scope, ...] = (Scope.ADMIN,), rate_per_minute: int = 100_000, **limits: object) -> Tenant:
        def write(session: Session) -> Tenant:
            account = Accounts(session).create(new_id("name"))
            for name, value in limits.items():
                setattr(account, name, value)
            row, key = keys.create(session, account.id, "test", scopes, rate_per_minute=rate_per_minute)
            return Tenant(account.id, key, row.id)

        return ledger(write)

    return make


@pytest.fixture
def account(accounts: Tenants) -> Tenant:
    return accounts()


@pytest.fixture
async def app(service_settings: Settings) -> AsyncIterator[FastAPI]:
    made = create_app(service_settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
def client(app: FastAPI) -> Client:
    """Makes a client with a key, or without: `async with client(tenant.key) as other: ...`."""

    @asynccontextmanager
    async def make(key: str | None) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=headers) as made:
            yield made

    return make


@pytest.fixture
async def api(client: Client, account: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with client(account.key) as made:
        yield made
