from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backbone.net.retryafter import seconds_asked

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 24 Nov 2026 12:02:00 GMT", 120.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2026 12:01:00 -0000", 60.0),
        ("9" * 5000, 999999999999.0),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        ("Tue, 24 Nov 99999 12:02:00 GMT", None),
    ],
)
def test_seconds_and_dates(text: str, seconds: float | None) -> None:
    assert seconds_asked({"retry-after": text}, NOW) == seconds


def test_no_header() -> None:
    assert seconds_asked({}, NOW) is None


@given(st.text(max_size=40))
def test_no_text_is_too_odd(text: str) -> None:
    seconds = seconds_asked({"retry-after": text}, NOW)
    assert seconds is None or seconds >= 0
