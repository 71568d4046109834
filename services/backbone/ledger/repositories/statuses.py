"""Statuses of jobs, for callers who ask for nothing else, and often: as few queries as there can be.

All questions that come while one query runs are answered by the next: with many callers, one round trip serves dozens.
The query looks up keys and jobs together: a revoked key is refused at once, and another account's job is not found. It
is the one query that goes past SQLAlchemy, which would cost more than all the rest.
"""

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

import asyncpg

from services.backbone.ledger.sessions import async_url

PLAIN = ("id", "client_id", "batch_id", "reference", "status", "stage", "progress", "revision", "priority")
COUNTS = ("steps_done", "steps_total")
TIMES = (
    "deadline_at",
    "expires_at",
    "created_at",
    "queued_at",
    "running_at",
    "succeeded_at",
    "failed_at",
    "canceled_at",
    "expired_at",
)
# As text of JSON, to be passed on.
DOCUMENTS = ("options", "source", "film", "usage", "error")
# Too long to be told with every status.
LONG_OPTIONS = ("speech",)

_SHORTER = "".join(f" - '{name}'" for name in LONG_OPTIONS)
_COLUMNS = ", ".join(f"j.{name}" for name in (*PLAIN, *COUNTS, *TIMES))
_TEXTS = ", ".join(f"(j.{name}{_SHORTER if name == 'options' else ''})::text as {name}" for name in DOCUMENTS)
_QUERY = f"""
select asked.place, k.account_id, k.id as key_id, k.scopes, k.rate_per_minute,
    j.xmin::text as version, {_COLUMNS}, {_TEXTS}
from unnest($1::text[], $2::text[]) with ordinality as asked (digest, job, place)
join api_keys k on k.digest = asked.digest
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
left join jobs j on j.id = asked.job and j.account_id = k.account_id
"""
_PATIENCE = 10.0
_CONNECTIONS = 2

Row: TypeAlias = asyncpg.Record
_Waiting = tuple[str, str, "asyncio.Future[Row | None]"]


class Statuses:
    """Answers over connections of its own; one for a process."""

    def __init__(self, database_url: str) -> None:
        """Args: database_url: of the ledger; nothing is connected to before the first question."""
        self._url = async_url(database_url).replace("+asyncpg", "")
        self._connecting = asyncio.Lock()
        self._pool: asyncpg.Pool | None = None
        self._waiting: list[_Waiting] = []
        self._readers: set[asyncio.Task[None]] = set()
        self._reading = 0
        # A reader is called that has not begun: it takes along whatever is asked until then.
        self._is_called = False

    async def ask(self, digest: str, job_id: str) -> Row | None:
        """The key of that digest and, where its account has it, the job; None when the key is not good.

        The columns of a job that is not there are None, its `id` too. `version` changes whenever the job does.

        Raises:
            OSError: the database is away; or an error of asyncpg that says the same.
        """
        answer: asyncio.Future[Row | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((digest, job_id, answer))
        if not self._is_called and self._reading < _CONNECTIONS:
            self._is_called = True
            self._reading += 1
            reader = asyncio.create_task(self._read())
            self._readers.add(reader)
            reader.add_done_callback(self._readers.discard)
        return await answer

    async def holder(self, digest: str) -> Row | None:
        """The key of that digest; None when it is not good. Raises as `ask`."""
        return await self.ask(digest, "")

    async def close(self) -> None:
        """Close the connections, once what was asked is answered."""
        await asyncio.gather(*self._readers, return_exceptions=True)
        if self._pool is not None:
            await self._pool.close()

    async def _read(self) -> None:
        """Answer until nobody waits. Who asks after that finds a reader less: nothing else runs in between."""
        self._is_called = False
        try:
            await self._answer()
        finally:
            self._reading -= 1

    async def _answer(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                rows = await self._rows(taken)
            except Exception as error:
                _settle(taken, error)
            else:
                _settle(taken, rows)

    async def _rows(self, asked: Sequence[_Waiting]) -> list[Row | None]:
        pool = await self._connected()
        digests, jobs, _ = zip(*asked, strict=True)
        rows: list[Row | None] = [None] * len(asked)
        for row in await pool.fetch(_QUERY, digests, jobs, timeout=_PATIENCE):
            rows[row["place"] - 1] = row
        return rows

    async def _connected(self) -> asyncpg.Pool:
        async with self._connecting:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url, min_size=1, max_size=_CONNECTIONS, timeout=_PATIENCE, reset=_leave_as_it_is
                )
        return self._pool


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """Nothing to reset: only queries ran, and a reset would cost another round trip."""


def _settle(asked: Sequence[_Waiting], answers: Sequence[Row | None] | Exception) -> None:
    for place, (_, _, future) in enumerate(asked):
        if future.done():
            continue  # the caller hung up
        if isinstance(answers, Exception):
            future.set_exception(answers)
        else:
            future.set_result(answers[place])
