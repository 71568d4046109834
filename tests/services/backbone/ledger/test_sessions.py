import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text

from services.backbone.errors import Unavailable
from services.backbone.ledger import sessions
from services.backbone.ledger.sessions import transaction
from services.backbone.settings import settings


@pytest.fixture
def url(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    told = {"DATABASE_URL": fresh_database_url, "REDIS_URL": "redis://nobody", "SOUNDSTAGE_SECRET": "s" * 48}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield fresh_database_url
    settings.cache_clear()


def served() -> int:
    """The server's process behind the connection that a transaction gets."""
    with transaction() as session:
        return session.scalar(text("select pg_backend_pid()"))


def end(url: str, process: int) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", (process,))


def test_a_connection_that_died_while_idle_is_replaced(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_TRUSTED", 0.0)
    first = served()
    end(url, first)
    assert served() != first


def test_a_connection_that_dies_just_after_its_use_is_told_as_away_and_replaced(url: str) -> None:
    first = served()
    end(url, first)
    with pytest.raises(Unavailable):
        served()
    assert served() != first


def test_a_connection_that_just_served_serves_on(url: str) -> None:
    assert served() == served()


def pause_in_a_transaction(seconds: float) -> None:
    with transaction() as session:
        session.execute(text("select"))
        time.sleep(seconds)
        session.execute(text("select"))


def test_a_transaction_whose_process_was_paused_is_ended(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_STANDSTILL", 1)
    with pytest.raises(Unavailable):
        pause_in_a_transaction(1.5)
    assert served()
