"""When a delivery is tried again, and when an endpoint is given up: pure functions of what has happened.

The schedule is that of the Standard Webhooks specification, 75 hours and 35 minutes in all.
"""

import random as randomness
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum

DELAYS = tuple(
    timedelta(seconds=seconds) for seconds in (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
ATTEMPTS = len(DELAYS)
# Of a delay, either way: endpoints that failed together are not all called again together.
JITTER = 0.1
LONGEST_RETRY_AFTER = timedelta(days=1)
GIVEN_UP_AFTER = timedelta(days=5)

_GONE = 410


class Verdict(Enum):
    """What an attempt's answer means."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GONE = "gone"


def judge(status: int | None) -> Verdict:
    """What a status means; None is no answer. Only 2xx is a success, a redirect is none; 410 disables the endpoint."""
    if status is not None and 200 <= status < 300:
        return Verdict.DELIVERED
    return Verdict.GONE if status == _GONE else Verdict.FAILED


def next_attempt(
    number: int, at: datetime, retry_after: float | None = None, random: Callable[[], float] = randomness.random
) -> datetime | None:
    """When to make the next attempt at a message; None when there is none.

    Args:
        number: attempts made so far.
        at: when the last of them ended, or when the message was written.
        retry_after: seconds that the receiver asked for; more than a day is taken for a day.
        random: uniform in [0, 1).
    """
    if number >= ATTEMPTS:
        return None
    wait = DELAYS[number] * (1 + JITTER * (2 * random() - 1))
    return at + max(wait, _asked(retry_after) * (1 + JITTER * random()))


def failing_since(before: datetime | None, verdict: Verdict, at: datetime) -> datetime | None:
    """Since when an endpoint's attempts have all failed, after one more; None when the last one was delivered."""
    if verdict is Verdict.DELIVERED:
        return None
    return before or at


def is_given_up(failing_since: datetime | None, now: datetime) -> bool:
    """Whether an endpoint is to be disabled: five days of nothing but failures."""
    return failing_since is not None and now - failing_since >= GIVEN_UP_AFTER


def _asked(retry_after: float | None) -> timedelta:
    if retry_after is None or not retry_after > 0:
        return timedelta()
    return timedelta(seconds=min(retry_after, LONGEST_RETRY_AFTER.total_seconds()))
