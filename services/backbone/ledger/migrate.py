"""Brings a database to the shape that this version needs, or back: `python -m services.backbone.ledger.migrate`."""

import sys
from pathlib import Path

import psycopg
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import services
from services.backbone import logs
from services.backbone.ledger.sessions import sync_url
from services.backbone.settings import settings
from soundstage.errors import SoundstageError

_TOP = Path(services.__file__).resolve().parent
# One at a time over all hosts: several may be started at once.
_LOCK = 7_230_001


def upgrade(url: str, revision: str = "head") -> None:
    """Apply what is missing; several callers at once take turns."""
    with _turn(url):
        command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Undo down to a revision ("base": all, with all data)."""
    with _turn(url):
        command.downgrade(_config(url), revision)


def is_current(url: str) -> bool:
    """Whether nothing is missing."""
    engine = create_engine(sync_url(url))
    try:
        with engine.connect() as connection:
            here = MigrationContext.configure(connection).get_current_heads()
    finally:
        engine.dispose()
    return set(here) == set(ScriptDirectory.from_config(_config(url)).get_heads())


def _turn(url: str) -> psycopg.Connection[tuple[object, ...]]:
    connection = psycopg.connect(sync_url(url).replace("+psycopg", ""), autocommit=True)
    connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
    return connection


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_scripts()))
    config.attributes["url"] = sync_url(url)
    return config


def _scripts() -> Path:
    installed = _TOP / "migrations"
    return installed if installed.is_dir() else _TOP.parent / "migrations"


def main() -> None:
    """Apply what the database of the settings is missing."""
    try:
        url = settings().database_url
        logs.configure("migrate")
        upgrade(url)
    except SoundstageError as error:
        sys.exit(str(error))
    except psycopg.OperationalError as error:
        why = " ".join(str(error).split())
        sys.exit(f"The database cannot be reached ({why}); see that it runs and that DATABASE_URL is right.")
    structlog.get_logger().info("the ledger is up to date")


if __name__ == "__main__":
    main()
