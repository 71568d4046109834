from datetime import UTC, datetime

import pytest
from starlette.exceptions import HTTPException

from services.api.conditional import Version, byte_range

VERSION = Version("abc", datetime(2026, 11, 24, 12, 0, 0, 500_000, tzinfo=UTC))
AT, BEFORE, AFTER = (f"Tue, 24 Nov 2026 {time} GMT" for time in ("12:00:00", "11:59:59", "12:00:01"))


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        pytest.param({}, False, id="none"),
        pytest.param({"if-none-match": '"abc"'}, True, id="tag"),
        pytest.param({"if-none-match": 'W/"abc"'}, True, id="weak-tag"),
        pytest.param({"if-none-match": '"x", "abc"'}, True, id="one-of-several"),
        pytest.param({"if-none-match": '"x"'}, False, id="other-tag"),
        pytest.param({"if-none-match": "*"}, True, id="any"),
        pytest.param({"if-none-match": "abc"}, False, id="unquoted"),
        pytest.param({"if-modified-since": AT}, True, id="same-second"),
        pytest.param({"if-modified-since": BEFORE}, False, id="changed-since"),
        pytest.param({"if-modified-since": AFTER}, True, id="not-since"),
        pytest.param({"if-modified-since": "yesterday"}, False, id="no-date"),
        pytest.param({"if-none-match": '"x"', "if-modified-since": AFTER}, False, id="tags-outweigh-dates"),
    ],
)
def test_what_a_client_knows_is_not_sent_again(headers, known):
    assert VERSION.is_known(headers) is known


@pytest.mark.parametrize(
    ("if_match", "meant"),
    [('"abc"', True), ("*", True), ('"x", "abc"', True), ('"x"', False), ('W/"abc"', False), ("abc", False)],
)
def test_a_write_must_mean_this_version(if_match, meant):
    assert VERSION.is_meant(if_match) is meant


@pytest.mark.parametrize(
    ("headers", "continues"),
    [
        ({}, True),
        ({"if-range": '"abc"'}, True),
        ({"if-range": 'W/"abc"'}, False),
        ({"if-range": '"x"'}, False),
        ({"if-range": AT}, True),
        ({"if-range": BEFORE}, False),
        ({"if-range": AFTER}, False),
    ],
)
def test_a_range_is_of_the_version_that_was_begun(headers, continues):
    assert VERSION.continues(headers) is continues


@pytest.mark.parametrize(
    ("header", "span"),
    [
        pytest.param(None, None, id="none"),
        pytest.param("bytes=0-0", (0, 0), id="first"),
        pytest.param("bytes=2-5", (2, 5), id="middle"),
        pytest.param("bytes=2-", (2, 9), id="to-the-end"),
        pytest.param("bytes=-3", (7, 9), id="last-three"),
        pytest.param("bytes=-300", (0, 9), id="last-of-more-than-there-are"),
        pytest.param("bytes=5-500", (5, 9), id="beyond-the-end"),
        pytest.param("bytes=5-2", None, id="backwards"),
        pytest.param("bytes=-", None, id="nothing"),
        pytest.param("bytes=0-1,3-4", None, id="several"),
        pytest.param("items=0-1", None, id="other-unit"),
        pytest.param("bytes=x-y", None, id="nonsense"),
    ],
)
def test_a_range_of_ten_bytes(header, span):
    assert byte_range(header, 10) == span


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=99-100", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_a_range_of_no_bytes_cannot_be_satisfied(header, size):
    with pytest.raises(HTTPException) as refused:
        byte_range(header, size)
    assert refused.value.status_code == 416
    assert refused.value.headers == {"Content-Range": f"bytes */{size}"}
