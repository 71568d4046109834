"""What a process of the API holds as long as it runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from fastapi import FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.api.following import Hub
from services.api.relay import Relay
from services.api.uses import KeyUses
from services.backbone.ledger.repositories.statuses import Statuses
from services.backbone.ledger.sessions import async_engine
from services.backbone.limits import Limits
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import Settings


@dataclass(frozen=True)
class Resources:
    """Connections and what works in the background; one for the whole process.

    `flights` are the forms with an Idempotency-Key that come in just now, by account and key.
    """

    settings: Settings
    store: ObjectStore
    engine: AsyncEngine
    limits: Limits
    relay: Relay
    uses: KeyUses
    statuses: Statuses
    hub: Hub
    flights: set[tuple[str, str | None]] = field(default_factory=set)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed when the block ends well.

        Routes take `services.api.sessions.Session` instead, unless they outlive their transaction (SSE, uploads).
        """
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            async with session.begin():
                yield session
            self.relay.after_commit(session)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Resources]:
    """Resources that are closed with the block; nothing is connected to before it is needed."""
    engine = async_engine(settings.database_url)
    limits = Limits(settings.redis_url)
    relay, uses, statuses = Relay(), KeyUses(engine), Statuses(settings.database_url)
    hub = Hub(engine)
    try:
        yield Resources(settings, ObjectStore.of(settings), engine, limits, relay, uses, statuses, hub)
    finally:
        await hub.close()
        await statuses.close()
        await relay.close()
        await uses.close()
        await limits.close()
        await engine.dispose()


def resources_of(app: FastAPI) -> Resources:
    """Those of a running app."""
    return cast(Resources, app.state.resources)


def resources(request: Request) -> Resources:
    """As a dependency."""
    return resources_of(request.app)
