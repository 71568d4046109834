import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from services.backbone.ledger.migrate import _config, downgrade, is_current, upgrade
from services.backbone.ledger.sessions import sync_url
from services.backbone.ledger.tables import Base


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


def test_each_migration_runs_down_and_up_again_with_data_in_it(empty_database_url: str) -> None:
    revisions = [each.revision for each in ScriptDirectory.from_config(_config(empty_database_url)).walk_revisions()]
    upgrade(empty_database_url)
    engine = create_engine(sync_url(empty_database_url))
    with engine.begin() as connection:
        connection.execute(text("insert into accounts (id, name) values ('acc_1', 'house')"))

    for revision in revisions[1:]:
        downgrade(empty_database_url, revision)
        upgrade(empty_database_url)

    with engine.connect() as connection:
        assert connection.scalar(text("select name from accounts")) == "house"
    engine.dispose()


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
