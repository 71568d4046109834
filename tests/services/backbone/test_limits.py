import asyncio
from collections.abc import AsyncIterator

import pytest
import redis as sync_redis

from services.backbone.ids import new_id
from services.backbone.limits import Allowance, Buckets, Limits

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def limits(redis_url: str) -> AsyncIterator[Limits]:
    made = Limits(redis_url, patience=30)  # a busy machine is no server that is away
    yield made
    await made.close()


@pytest.fixture
def key() -> str:
    return new_id("key")


def test_a_bucket_gives_what_it_holds_and_then_one_by_one() -> None:
    buckets = Buckets()
    taken = [buckets.take("a", 60, "read") for _ in range(61)]

    assert [allowance.left for allowance in taken[:60]] == list(range(59, -1, -1))
    assert not any(allowance.is_used_up for allowance in taken[:60])
    assert taken[60].is_used_up
    assert taken[60].wait == pytest.approx(0.5, abs=0.5)


def test_buckets_do_not_share() -> None:
    buckets = Buckets()
    buckets.take("a", 1, "read")

    assert not buckets.take("b", 1, "read").is_used_up


@pytest.mark.parametrize(
    ("allowance", "told"),
    [
        (Allowance("read", 600, 599, 0.0), '"read";r=599;t=1'),
        (Allowance("read", 600, 0, 0.0), '"read";r=0;t=60'),
        (Allowance("write", 60, 0, 0.4), '"write";r=0;t=1'),
    ],
)
def test_headers_tell_what_is_left_and_when_there_is_more(allowance: Allowance, told: str) -> None:
    assert dict(allowance.headers)[b"ratelimit"].decode() == told


async def test_a_bucket_fills_again(limits: Limits, key: str) -> None:
    rate = 60
    for _ in range(rate + 10):
        used_up = await limits.write(key, rate)
    await asyncio.sleep(used_up.wait + 0.05)

    assert used_up.is_used_up
    assert not (await limits.write(key, rate)).is_used_up


async def test_processes_share_what_a_key_may_write(limits: Limits, redis_url: str, key: str) -> None:
    other = Limits(redis_url, patience=30)
    taken = [await each.write(key, 10) for each in (limits, other) * 6]
    await other.close()

    assert [allowance.is_used_up for allowance in taken] == [False] * 10 + [True] * 2


async def test_who_comes_at_once_is_counted_exactly(limits: Limits, key: str) -> None:
    taken = await asyncio.gather(*(limits.write(key, 20) for _ in range(50)))

    assert sum(not allowance.is_used_up for allowance in taken) == 20


async def test_reads_cost_no_writes(limits: Limits, key: str) -> None:
    for _ in range(10):
        limits.read(key, 1)

    assert limits.read(key, 1).is_used_up
    assert not (await limits.write(key, 1)).is_used_up


async def test_buckets_that_are_full_again_are_not_kept(limits: Limits, redis_url: str, key: str) -> None:
    await limits.write(key, 60)

    with sync_redis.Redis.from_url(redis_url) as client:
        assert 0 < client.pttl(f"soundstage:rate:write:{key}") <= 1001


async def test_without_redis_the_process_counts_for_itself(key: str) -> None:
    alone = Limits("redis://127.0.0.1:9/0")
    taken = [await alone.write(key, 2) for _ in range(3)]
    await alone.close()

    assert [allowance.is_used_up for allowance in taken] == [False, False, True]
