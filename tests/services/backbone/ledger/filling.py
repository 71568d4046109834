"""Databases of any revision, filled: a row in every table, by what the database itself says of its columns."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, create_engine, types
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.backbone.ledger.sessions import sync_url

# What columns of few words hold, by name; others hold their own name.
WORDS = {"status": "running", "priority": "bulk", "outcome": "lost"}
STATES = {
    "steps": "running",
    "uploads": "completed",
    "webhook_endpoints": "enabled",
    "webhook_deliveries": "pending",
}

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection whose work is committed at the end of the block."""
    engine = create_engine(sync_url(url))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def fill(connection: Connection) -> None:
    """A row in every table, every column of which holds something."""
    tables = _tables(connection)
    for table in tables:
        connection.execute(table.insert(), {column.name: _value(table, column) for column in table.columns})


def contents(connection: Connection) -> Rows:
    """All rows of all tables."""
    return {
        table.name: [dict(row._mapping) for row in connection.execute(table.select())] for table in _tables(connection)
    }


def kept(now: Rows, before: Rows) -> bool:
    """Whether all that was there before is there; columns and tables may have come."""
    return all(
        before[name] == [{key: row[key] for key in old} for old, row in zip(before[name], now[name], strict=True)]
        for name in before
    )


def _tables(connection: Connection) -> Sequence[Table]:
    """Those that are named come first. Jobs and their assets name each other, so here a job goes without its film."""
    found = MetaData()
    found.reflect(connection)
    for constraint in found.tables["jobs"].foreign_key_constraints:
        constraint.use_alter = constraint.referred_table.name == "assets"
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _value(table: Table, column: Column[Any]) -> object:
    """Of the column's kind; a column that names a row of another table names the only one there is."""
    for key in column.foreign_keys:
        return None if key.constraint and key.constraint.use_alter else _text(key.column)
    for kind, value in _VALUES:
        if isinstance(column.type, kind):
            return value
    return STATES[table.name] if column.name == "state" else WORDS.get(column.name) or _text(column)


def _text(column: Column[Any]) -> str:
    return next((_text(key.column) for key in column.foreign_keys), column.name)


_VALUES: Sequence[tuple[Any, object]] = (
    (types.DateTime, "2026-01-01T00:00:00+00:00"),
    (types.Boolean, True),
    (JSONB, {"a": [1]}),
    (ARRAY, ["a"]),
    (types.Integer | types.Numeric | types.Float, 1),
)
