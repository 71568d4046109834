"""Notes when keys are used: beside the request, at most once a minute for each."""

import asyncio
import time

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.backbone.ledger.repositories.accounts import Accounts

_EVERY = 60.0
_MOST = 10_000

log = structlog.get_logger()


class KeyUses:
    """When this process last noted a use of each key."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Args: engine: of the ledger."""
        self._engine = engine
        self._noted: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, key_id: str) -> None:
        """A key is used now."""
        now = time.monotonic()
        if now - self._noted.get(key_id, -_EVERY) < _EVERY:
            return
        if len(self._noted) >= _MOST:
            self._noted.clear()
        self._noted[key_id] = now
        task = asyncio.create_task(self._write(key_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write(self, key_id: str) -> None:
        try:
            async with AsyncSession(self._engine) as session, session.begin():
                await session.run_sync(lambda sync: Accounts(sync).note_use(key_id))
        except Exception as error:  # a use that goes unnoted harms nobody
            log.warning("use of a key not noted", key_id=key_id, error=str(error))
