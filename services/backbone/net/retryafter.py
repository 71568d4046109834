"""Retry-After: how long a foreign server asks to be left alone (RFC 9110, section 10.2.3)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from services.backbone.clock import utc_now


def seconds_asked(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds that the header asks for, never negative; None where there is none or it makes no sense."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
    return max(0.0, (until - (now or utc_now())).total_seconds())
