"""Find rows by what they name, and keep to the words.

Whoever removes a film or a message asks who names it, and the sweeper of orphans asks uploads for their keys: without an
index each of these read a whole table. States and limits are checked by the database too, whoever writes them.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INDEXES: Sequence[tuple[str, Sequence[str]]] = (
    ("jobs", ("asset_id",)),
    ("uploads", ("asset_id",)),
    ("uploads", ("object_key",)),
    ("webhook_deliveries", ("message_id",)),
)
WORDS: Sequence[tuple[str, str, str, Sequence[str]]] = (
    ("attempts", "outcome", "outcome", ("done", "failed", "lost", "handed-back", "canceled")),
    ("jobs", "jobstatus", "status", ("queued", "running", "succeeded", "failed", "canceled", "expired")),
    ("jobs", "priority", "priority", ("normal", "bulk")),
    ("steps", "stepstate", "state", ("queued", "running", "done", "failed", "canceled")),
    ("uploads", "uploadstate", "state", ("waiting", "completed", "aborted", "expired")),
    ("webhook_deliveries", "deliverystate", "state", ("pending", "delivered", "failed", "dropped")),
    ("webhook_endpoints", "endpointstate", "state", ("enabled", "disabled")),
)
LIMITS: Sequence[tuple[str, str, str]] = (
    ("accounts", "weight", "weight > 0"),
    ("accounts", "limits", "least(concurrency, max_jobs, max_minutes, max_bytes) >= 0"),
)


def upgrade() -> None:
    """Find rows by what they name, and keep to the words."""
    for table, columns in INDEXES:
        op.create_index(_index(table, columns), table, list(columns))
    op.create_index(
        _index("jobs", ("account_id", "reference")),
        "jobs",
        ["account_id", "reference"],
        postgresql_where=sa.text("reference is not null"),
    )
    for table, name, column, words in WORDS:
        op.create_check_constraint(_check(table, name), table, sa.column(column, sa.String).in_(words))
    for table, name, condition in LIMITS:
        op.create_check_constraint(_check(table, name), table, sa.text(condition))


def downgrade() -> None:
    """Back to tables that are searched from end to end, and take any word."""
    for table, name, _ in LIMITS:
        op.drop_constraint(_check(table, name), table, type_="check")
    for table, name, _, _ in WORDS:
        op.drop_constraint(_check(table, name), table, type_="check")
    for table, columns in (*INDEXES, ("jobs", ("account_id", "reference"))):
        op.drop_index(_index(table, columns), table)


def _index(table: str, columns: Sequence[str]) -> str:
    return op.f(f"ix_{table}_{'_'.join(columns)}")


def _check(table: str, name: str) -> str:
    return op.f(f"ck_{table}_{name}")
