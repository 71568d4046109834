"""Runs the migrations against the database that the caller, or DATABASE_URL, names."""

import os
from functools import partial

from alembic import context
from sqlalchemy import create_engine, pool

from services.backbone.ledger.sessions import sync_url
from services.backbone.ledger.tables import Base

url = context.config.attributes.get("url") or sync_url(os.environ["DATABASE_URL"])
configure = partial(context.configure, target_metadata=Base.metadata, compare_type=True, compare_server_default=True)

if context.is_offline_mode():
    configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
