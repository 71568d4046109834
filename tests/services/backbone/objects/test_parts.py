"""What a store tells of the parts that arrived, which is not always each once."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.backbone.errors import Unprocessable
from services.backbone.objects.parts import Part, latest_parts, to_complete, with_digests

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def told(number: int, etag: str, second: int = 0) -> Any:
    at = FIRST + timedelta(seconds=second)
    return cast(Any, {"PartNumber": number, "Size": 5, "ETag": etag, "LastModified": at})


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([told(2, "b"), told(1, "a")], [(1, "a"), (2, "b")], id="by number"),
        pytest.param([told(1, "a"), told(1, "b", 1)], [(1, "b")], id="the later last"),
        pytest.param([told(1, "b", 1), told(1, "a")], [(1, "b")], id="the later first"),
        pytest.param([told(1, "a"), told(1, "a")], [(1, "a")], id="the same twice"),
        pytest.param([told(1, "a"), told(1, "b"), told(2, "c")], [(2, "c")], id="two within a second are in doubt"),
        pytest.param([told(1, "a"), told(1, "b"), told(1, "c", 1)], [(1, "c")], id="sent again settles it"),
    ],
)
def test_of_a_part_that_came_twice_the_later_counts(listed: list[Any], expected: list[tuple[int, str]]):
    assert [(part.number, part.etag) for part in latest_parts(listed)] == expected


@pytest.mark.parametrize("numbers", [(), (2,), (1, 3), (1, 1)], ids=str)
def test_parts_between_the_first_and_the_last_must_be_there(numbers: tuple[int, ...]):
    with pytest.raises(Unprocessable, match="send all of them"):
        to_complete([Part(number, 5, "a") for number in numbers])


def test_digests_that_were_declared_are_told_again_where_the_store_tells_none():
    known, unknown = Part(1, 5, "a", "11"), Part(2, 5, "b")
    assert with_digests([known, unknown], {1: "99", 2: "22"}) == [known, Part(2, 5, "b", "22")]
