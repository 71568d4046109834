"""Looks after what the service stands on: side by side, each with a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta

import redis.asyncio as redis
import structlog
from sqlalchemy import text

from services.api.resources import Resources
from services.api.schemas.operations import Check
from services.backbone.dispatch.queues import Lane, queues_of
from services.backbone.dispatch.workers import ready_queues
from services.backbone.ledger.migrate import is_current

_PATIENCE = 3.0
# A worker that said nothing for so many heartbeats is taken for lost.
_HEARTBEATS = 5

log = structlog.get_logger()


class NotReady(Exception):
    """What is asked about is there, but not as it should be; the message says how."""


async def look(held: Resources, left_out: Collection[str] = ()) -> dict[str, Check]:
    """All checks but those left out, by name; whatever happens, within a few seconds."""
    asked = {name: check for name, check in _CHECKS.items() if name not in left_out}
    answers = await asyncio.gather(*(_one(name, check(held)) for name, check in asked.items()))
    return dict(zip(asked, answers, strict=True))


async def _one(name: str, check: Awaitable[None]) -> Check:
    try:
        await asyncio.wait_for(check, _PATIENCE)
    except NotReady as error:
        return Check(ok=False, detail=str(error))
    except TimeoutError:
        return Check(ok=False, detail=f"It did not answer within {_PATIENCE:g} seconds.")
    except Exception as error:  # what exactly is for the log: the answer is for anybody
        log.warning("not ready", check=name, error=str(error))
        return Check(ok=False, detail="It does not answer.")
    return Check(ok=True)


async def _database(held: Resources) -> None:
    async with held.engine.connect() as connection:
        await connection.execute(text("select 1"))


async def _migrations(held: Resources) -> None:
    if not await asyncio.to_thread(is_current, held.settings.database_url):
        raise NotReady("The database lacks migrations; run python -m services.backbone.ledger.migrate.")


async def _redis(held: Resources) -> None:
    client = redis.Redis.from_url(held.settings.redis_url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
    async with client:
        await client.ping()


async def _store(held: Resources) -> None:
    await asyncio.to_thread(held.store.ping)


async def _workers(held: Resources) -> None:
    served = await asyncio.to_thread(ready_queues, timedelta(seconds=_HEARTBEATS * held.settings.heartbeat))
    idle = [queue for queue in queues_of(*Lane) if queue not in served]
    if idle:
        raise NotReady(f"No ready worker serves {', '.join(idle)}.")


_CHECKS: dict[str, Callable[[Resources], Awaitable[None]]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "store": _store,
    "workers": _workers,
}
NAMES = tuple(_CHECKS)
