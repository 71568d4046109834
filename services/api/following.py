"""Live progress of jobs, for any number of followers at the price of one question to the ledger.

While anybody follows, one task asks every quarter of a second what is new for all jobs that are followed, and wakes
who waits. A follower holds a number and no connection: what is newest lies in a short row that all followers of a job
share, what is older is fetched in pages. So a slow client costs no more memory than a fast one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.backbone.ledger.repositories.events import Events, news
from services.backbone.ledger.tables import Event, Job

_EVERY = 0.25
_AFTER_TROUBLE = 2.0
_KEPT = 100
_PAGE = 100

log = structlog.get_logger()


@dataclass
class _Channel:
    """What is known of one followed job: `recent` ends at the event number `reached`."""

    reached: int
    is_over: bool
    recent: deque[Event] = field(default_factory=lambda: deque(maxlen=_KEPT))
    followers: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Tell all who wait now; who comes later waits for the next time."""
        self.changed.set()
        self.changed = asyncio.Event()

    def behind(self, seq: int) -> Sequence[Event] | None:
        """The events behind `seq`; None when they are older than what is kept."""
        missing = self.reached - seq
        if missing > len(self.recent):
            return None
        return [event for event in self.recent if event.seq > seq]


class Hub:
    """All followers of this process."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Args: engine: of the ledger."""
        self._engine = engine
        self._channels: dict[str, _Channel] = {}
        self._polling: asyncio.Task[None] | None = None

    @property
    def followers(self) -> int:
        """How many follow now."""
        return sum(channel.followers for channel in self._channels.values())

    async def follow(self, job: Job, after: int, until: asyncio.Event) -> AsyncGenerator[Sequence[Event]]:
        """The events of a job behind `after`, a few at a time, until the last of an ended job.

        Args:
            job: as it stands.
            after: number of the last event known to the follower.
            until: set when the follower is to stop.
        """
        with self._joined(job) as channel:
            while not until.is_set():
                changed = channel.changed
                events = await self._behind(channel, job, after)
                if events:
                    yield events
                    after = events[-1].seq
                elif channel.is_over:
                    return
                else:
                    await _first(changed, until)

    async def close(self) -> None:
        """Ask no more."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)

    @contextmanager
    def _joined(self, job: Job) -> Iterator[_Channel]:
        channel = self._channels.setdefault(job.id, _Channel(job.event_seq, job.status.is_final))
        channel.followers += 1
        if self._polling is None or self._polling.done():
            # In a context of its own: it is not the first follower's request.
            self._polling = asyncio.create_task(self._poll(), context=Context())
        try:
            yield channel
        finally:
            channel.followers -= 1
            if not channel.followers and self._channels.get(job.id) is channel:
                del self._channels[job.id]

    async def _behind(self, channel: _Channel, job: Job, after: int) -> Sequence[Event]:
        kept = channel.behind(after)
        if kept is not None:
            return kept
        async with AsyncSession(self._engine) as session:
            return await session.run_sync(lambda sync: Events(sync, job.account_id).page(job.id, after, _PAGE))

    async def _poll(self) -> None:
        while self._channels:
            try:
                await self._look()
                await asyncio.sleep(_EVERY)
            except Exception as error:  # followers stay: they go on when the ledger is back
                log.warning("followers wait", error=str(error))
                await asyncio.sleep(_AFTER_TROUBLE)

    async def _look(self) -> None:
        reached = {job_id: channel.reached for job_id, channel in self._channels.items()}
        async with AsyncSession(self._engine, expire_on_commit=False) as session:
            rows = await session.run_sync(lambda sync: news(sync, reached))
        here: set[str] = set()
        for job_id, status, last, event in rows:
            here.add(job_id)
            if channel := self._channels.get(job_id):
                _note(channel, event, is_over=status.is_final, last=last)
        for job_id in reached.keys() - here:
            self._let_go(job_id)

    def _let_go(self, job_id: str) -> None:
        """The job was deleted."""
        if channel := self._channels.pop(job_id, None):
            channel.is_over = True
            channel.wake()


def _note(channel: _Channel, event: Event | None, *, is_over: bool, last: int) -> None:
    before = channel.is_over
    if event is not None and event.seq > channel.reached:
        channel.recent.append(event)
        channel.reached = event.seq
    channel.is_over = is_over and channel.reached >= last
    if event is not None or channel.is_over != before:
        channel.wake()


async def _first(*events: asyncio.Event) -> None:
    """Wait until one of them is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
