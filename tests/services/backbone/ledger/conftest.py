"""A session on a migrated database, rolled back afterwards."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from services.backbone.ledger.sessions import sync_url


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    engine = create_engine(sync_url(database_url))
    with engine.connect() as connection, connection.begin() as everything:
        yield Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        everything.rollback()
    engine.dispose()
