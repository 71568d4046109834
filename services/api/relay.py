"""Sends what a request put into the outbox as soon as it is committed; the keeper would do it a moment later."""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.backbone.dispatch.outbox import publish_pending
from services.backbone.errors import Unavailable

_MARK = "publish"

log = structlog.get_logger()


def publish_after_commit(session: AsyncSession) -> None:
    """Have what this transaction puts into the outbox sent once it is committed."""
    session.info[_MARK] = True


class Relay:
    """At most one sending at a time: those who come meanwhile share the next."""

    def __init__(self) -> None:
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def after_commit(self, session: AsyncSession) -> None:
        """Send, if the transaction asked for it."""
        if session.info.pop(_MARK, False):
            self.wake()

    def wake(self) -> None:
        """Send what is there."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send())

    async def close(self) -> None:
        """Wait for what is being sent."""
        if self._task is not None:
            await self._task

    async def _send(self) -> None:
        while self._wanted:
            self._wanted = False
            try:
                await asyncio.to_thread(publish_pending)
            except Unavailable as error:
                log.warning("not dispatched yet", error=str(error))
            except Exception:
                log.exception("not dispatched yet")
