"""The one place that tells the time; the ledger's own clock is `func.now()`."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)
