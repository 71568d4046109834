"""Connections to the ledger: asyncpg where requests are served, psycopg where steps are worked."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from services.backbone.errors import BadSetting, Unavailable
from services.backbone.settings import settings

_SYNC, _ASYNC = "postgresql+psycopg", "postgresql+asyncpg"
_POOL = 5
# Seconds for which a connection that was used is taken for alive.
_TRUSTED = 1.0
_USED = "used"
# Seconds for which a transaction may wait for its own process; as long as a lease.
_STANDSTILL = 30


def sync_url(url: str) -> str:
    """The URL for psycopg, whatever driver it names. Raises BadSetting when it is no PostgreSQL URL."""
    return _with_driver(url, _SYNC)


def async_url(url: str) -> str:
    """The URL for asyncpg, whatever driver it names. Raises BadSetting when it is no PostgreSQL URL."""
    return _with_driver(url, _ASYNC)


def _with_driver(url: str, driver: str) -> str:
    try:
        parsed = make_url(url)
    except Exception as error:
        raise BadSetting("DATABASE_URL is no URL; write postgresql://user:password@host/name.") from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise BadSetting(f"DATABASE_URL names {parsed.get_backend_name()}; Soundstage needs PostgreSQL.")
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def async_engine(url: str, pool: int = 10) -> AsyncEngine:
    """An engine for the API; connections that died while idle are noticed before they are used."""
    return create_async_engine(async_url(url), pool_size=pool, max_overflow=pool, pool_pre_ping=True)


@contextmanager
def transaction() -> Iterator[Session]:
    """A session whose work is committed when the block ends well.

    Raises:
        Unavailable: the database is away.
    """
    try:
        with Session(_engine(os.getpid(), settings().database_url), expire_on_commit=False) as session, session.begin():
            yield session
    except DBAPIError as error:
        if is_away(error):
            raise Unavailable("The database is away; the work goes on when it is back.") from error
        raise


def is_away(error: DBAPIError) -> bool:
    """Whether the error tells of a lost or refused connection, and not of the statement."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


@cache
def _engine(process: int, url: str) -> Engine:
    """One engine per process: connections do not survive a fork."""
    del process
    # Psycopg reads a statement in a time that grows with its square: a thousand rows in one take longest.
    engine = create_engine(sync_url(url), pool_size=_POOL, insertmanyvalues_page_size=100)
    event.listen(engine, "connect", _end_what_stands_still)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _see_whether_it_lives)
    return engine


def _end_what_stands_still(connection: psycopg.Connection[Any], record: ConnectionPoolEntry) -> None:
    """Have the database end a transaction whose process was paused: nobody else gets at the rows that it locked."""
    del record
    connection.autocommit = True
    connection.execute(f"set idle_in_transaction_session_timeout = '{_STANDSTILL} s'")
    connection.autocommit = False


def _note_use(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _see_whether_it_lives(
    connection: DBAPIConnection, record: ConnectionPoolEntry, lent: PoolProxiedConnection
) -> None:
    """A connection that was idle may have died; one that just served is not asked, for that costs as much as work."""
    used = record.info.get(_USED)
    if used is None or time.monotonic() - used < _TRUSTED:
        return
    try:
        connection.cursor().execute("select")
        connection.rollback()
    except psycopg.OperationalError as error:
        raise DisconnectionError from error  # the pool takes another, or a new one
