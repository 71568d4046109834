"""Server-sent events, as the HTML standard has them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.client.sse import Message, Parser

STREAM = (
    "\ufeff: a comment\n"
    "retry: 1500\n"
    'event: job.stage\r\nid: 3\r\ndata: {"stage":"read"}\r\n\r\n'
    "data: two\rdata: lines\r\r"
    "id: 5\nevent: nothing follows\n\n"
    "data:no space\ndata: ünïcode ✓\n\n"
    "data: cut off"
).encode()
MESSAGES = [
    Message("3", "job.stage", '{"stage":"read"}'),
    Message("3", "message", "two\nlines"),
    Message("5", "message", "no space\nünïcode ✓"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_however_the_bytes_are_cut_the_events_are_the_same(cuts: list[int]):
    parser, found = Parser(), []
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(places):
        found += parser.feed(STREAM[start:end])
    assert found == MESSAGES
    assert (parser.last_id, parser.retry) == ("5", 1.5)


@pytest.mark.parametrize("line", [b"id: a\0b", b"retry: soon", b"unknown: x", b":"])
def test_what_makes_no_sense_is_passed_over(line: bytes):
    parser = Parser("7")
    assert list(parser.feed(line + b"\ndata: x\n\n")) == [Message("7", "message", "x")]
