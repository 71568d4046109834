import threading
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Table, UniqueConstraint, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from services.backbone.ledger.migrate import _config, downgrade, is_current, upgrade
from services.backbone.ledger.sessions import sync_url
from services.backbone.ledger.tables import Base
from tests.services.backbone.ledger.filling import connected, contents, fill, kept


def _tables(url: str) -> set[str]:
    engine = create_engine(sync_url(url))
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_an_empty_database_gets_all_tables_and_loses_them_again(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    assert _tables(empty_database_url) == {*Base.metadata.tables, "alembic_version"}
    assert is_current(empty_database_url)

    downgrade(empty_database_url, "base")
    assert _tables(empty_database_url) == {"alembic_version"}
    assert not is_current(empty_database_url)

    upgrade(empty_database_url)
    assert is_current(empty_database_url)


def test_the_migrations_make_what_the_tables_say(empty_database_url: str) -> None:
    upgrade(empty_database_url)

    engine = create_engine(sync_url(empty_database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()

    assert differences == []
    command.check(_config(empty_database_url))


def test_the_database_checks_what_the_tables_say(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    with connected(empty_database_url) as connection:
        found = inspect(connection)
        checked = {check["name"] for table in Base.metadata.tables for check in found.get_check_constraints(table)}
    declared = {
        str(each.name)
        for table in Base.metadata.tables.values()
        for each in table.constraints
        if isinstance(each, CheckConstraint)
    }
    assert checked == declared
    assert {"ck_jobs_jobstatus", "ck_steps_stepstate", "ck_accounts_weight"} <= declared


@pytest.mark.parametrize("name", ["jobs", "uploads", "webhook_deliveries", "cues", "assets", "agent_turns", "steps"])
def test_who_is_removed_finds_who_names_it_by_an_index(name: str) -> None:
    """A foreign key without one has every removal read the whole table."""
    table = Base.metadata.tables[name]
    leading = {next(iter(each.columns)).name for each in (*table.indexes, *_uniques(table), table.primary_key)}
    named = {column.name for column in table.columns if column.foreign_keys} - {"account_id"}  # never removed
    assert named <= leading


def _uniques(table: Table) -> Iterator[UniqueConstraint]:
    return (each for each in table.constraints if isinstance(each, UniqueConstraint))


STEPS = [
    (each.down_revision, each.revision)
    for each in ScriptDirectory.from_config(_config("postgresql://")).walk_revisions()
    if each.down_revision is not None
]


@pytest.mark.parametrize(("before", "after"), STEPS, ids=[after for _, after in STEPS])
def test_a_migration_runs_up_and_down_with_data_in_all_tables(before: str, after: str, empty_database_url: str) -> None:
    upgrade(empty_database_url, before)
    with connected(empty_database_url) as connection:
        fill(connection)
        written = contents(connection)
    assert all(written.values())

    upgrade(empty_database_url, after)
    with connected(empty_database_url) as connection:
        assert kept(contents(connection), written)

    downgrade(empty_database_url, before)
    with connected(empty_database_url) as connection:
        assert contents(connection) == written


def test_no_table_takes_a_word_that_is_none(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    with connected(empty_database_url) as connection:
        fill(connection)
    for table, column in (("jobs", "status"), ("steps", "state"), ("attempts", "outcome")):
        with pytest.raises(IntegrityError, match=f"ck_{table}_"), connected(empty_database_url) as connection:
            connection.execute(text(f"update {table} set {column} = 'dnoe'"))


def test_several_may_upgrade_at_once(empty_database_url: str) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            upgrade(empty_database_url)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert is_current(empty_database_url)


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_constraints_have_names_of_the_convention(table: str) -> None:
    for constraint in Base.metadata.tables[table].constraints:
        assert constraint.name is not None
