from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backbone.webhooks.schedule import ATTEMPTS, Verdict, failing_since, is_given_up, judge, next_attempt

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CHANCE = st.floats(0, 1, exclude_max=True)
ASKED = st.none() | st.floats(allow_nan=True, allow_infinity=True)


def middle() -> float:
    return 0.5


def test_the_schedule_is_that_of_the_specification() -> None:
    at, waits = NOON, []
    for number in range(ATTEMPTS):
        later = next_attempt(number, at, random=middle)
        assert later is not None
        waits.append(later - at)
        at = later
    hours = [wait / timedelta(hours=1) for wait in waits]
    assert hours == pytest.approx([0, 5 / 3600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24])
    assert at - NOON == timedelta(hours=75, minutes=35, seconds=5)


def test_after_the_last_there_is_none() -> None:
    assert next_attempt(ATTEMPTS, NOON) is None
    assert next_attempt(ATTEMPTS + 1, NOON, 60.0) is None


@given(CHANCE, st.integers(0, ATTEMPTS - 1))
def test_jitter_is_a_tenth_at_most(chance: float, number: int) -> None:
    plain, jittered = next_attempt(number, NOON, random=middle), next_attempt(number, NOON, random=lambda: chance)
    assert plain is not None
    assert jittered is not None
    assert abs((jittered - NOON) / timedelta(seconds=1) - (plain - NOON) / timedelta(seconds=1)) <= 1e-6 + 0.1 * (
        (plain - NOON) / timedelta(seconds=1)
    )


@given(st.lists(st.tuples(CHANCE, ASKED), min_size=ATTEMPTS, max_size=ATTEMPTS))
def test_time_only_goes_forward(chances: list[tuple[float, float | None]]) -> None:
    at = NOON
    for number, (chance, asked) in enumerate(chances):
        later = next_attempt(number, at, asked, lambda chance=chance: chance)
        assert later is not None
        assert at <= later <= at + timedelta(hours=26.5)
        at = later


@given(CHANCE, st.integers(1, ATTEMPTS - 1), st.floats(0, 86_400))
def test_a_receiver_is_left_alone_for_as_long_as_it_asks(chance: float, number: int, asked: float) -> None:
    later = next_attempt(number, NOON, asked, lambda: chance)
    assert later is not None
    assert later - NOON >= timedelta(seconds=asked)


def test_but_not_for_more_than_a_day() -> None:
    assert next_attempt(1, NOON, 1e12, lambda: 0.0) == NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (299, Verdict.DELIVERED),
        (410, Verdict.GONE),
        *((status, Verdict.FAILED) for status in (None, 100, 301, 302, 304, 308, 400, 404, 429, 500, 503)),
    ],
)
def test_only_2xx_is_a_success(status: int | None, verdict: Verdict) -> None:
    assert judge(status) is verdict


def test_the_clock_starts_at_the_first_failure_and_ends_at_a_success() -> None:
    since = failing_since(None, Verdict.FAILED, NOON)
    assert since == NOON
    assert failing_since(since, Verdict.FAILED, NOON + timedelta(days=1)) == NOON
    assert failing_since(since, Verdict.DELIVERED, NOON + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("since", "given_up"), [(None, False), (timedelta(days=5) - timedelta(seconds=1), False), (timedelta(days=5), True)]
)
def test_an_endpoint_is_given_up_after_five_days(since: timedelta | None, given_up: bool) -> None:
    assert is_given_up(None if since is None else NOON - since, NOON) is given_up
