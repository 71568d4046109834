"""Rate limits of API keys: token buckets, told in the headers of the IETF's draft (ratelimit-headers-10).

Reads are counted in the process that serves them: they are many, and an exact limit is worth no round trip. Writes are
counted in Redis, exactly over all processes; while Redis is away each process counts for itself.
"""

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import cast

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

# A client may read so many times as often as it may write.
READS_PER_WRITE = 10

_WINDOW = 60.0
_MOST_BUCKETS = 10_000
_PATIENCE = 0.25
_AWAY_FOR = 5.0

# The bucket as the moment at which it is full again (GCRA): one number, and no clock but the server's.
_TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local interval, window = ARGV[1] / 1, ARGV[2] / 1
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
if full - now > window then return tostring(full - now - window) .. ' 1' end
redis.call('SET', KEYS[1], string.format('%.6f', full), 'PX', math.ceil((full - now) * 1000) + 1)
return tostring(full - now) .. ' 0'
"""

log = structlog.get_logger()


@dataclass(frozen=True)
class Allowance:
    """Whether a request may be served. `wait` is 0, or the seconds until one may; `left` so many more may now."""

    policy: str
    rate: int
    left: int
    wait: float

    @property
    def is_used_up(self) -> bool:
        """Whether the request comes too early."""
        return self.wait > 0

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """`RateLimit-Policy` and `RateLimit`."""
        reset = math.ceil(self.wait or (self.rate - self.left) * _WINDOW / self.rate)
        return (
            (b"ratelimit-policy", f'"{self.policy}";q={self.rate};w={_WINDOW:.0f}'.encode()),
            (b"ratelimit", f'"{self.policy}";r={self.left};t={reset}'.encode()),
        )


class Buckets:
    """Buckets of this process; those that were not used for long are forgotten first, when they are full again."""

    def __init__(self) -> None:
        self._full: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str, rate: int, policy: str) -> Allowance:
        """Take one from a bucket that holds `rate` and is filled at `rate` a minute."""
        now = time.monotonic()
        interval = _WINDOW / rate
        full = max(self._full.get(name, now), now) + interval
        if full - now > _WINDOW + interval / 2:
            return Allowance(policy, rate, 0, full - now - _WINDOW)
        self._full[name] = full
        self._full.move_to_end(name)
        if len(self._full) > _MOST_BUCKETS:
            self._full.popitem(last=False)
        return _allowed(policy, rate, full - now)


class Limits:
    """What every key may do."""

    def __init__(self, redis_url: str, patience: float = _PATIENCE) -> None:
        """Args: redis_url: where writes are counted. patience: seconds after which it is taken for away."""
        self._redis = redis.Redis.from_url(
            redis_url, socket_timeout=patience, socket_connect_timeout=patience, decode_responses=True
        )
        self._script = self._redis.register_script(_TAKE)
        self._buckets = Buckets()
        self._away_until = 0.0

    def read(self, key_id: str, rate_per_minute: int) -> Allowance:
        """Count a read."""
        return self._buckets.take(f"read:{key_id}", max(1, rate_per_minute) * READS_PER_WRITE, "read")

    async def write(self, key_id: str, rate_per_minute: int) -> Allowance:
        """Count a write."""
        rate = max(1, rate_per_minute)
        name = f"write:{key_id}"
        if time.monotonic() < self._away_until:
            return self._buckets.take(name, rate, "write")
        try:
            interval = _WINDOW / rate
            answer = await self._script(keys=[f"soundstage:rate:{name}"], args=[interval, _WINDOW + interval / 2])
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + _AWAY_FOR
            log.warning("rate limits are counted here while Redis is away", error=str(error))
            return self._buckets.take(name, rate, "write")
        seconds, denied = cast(str, answer).split()
        if denied == "1":
            return Allowance("write", rate, 0, max(float(seconds), 0.001))
        return _allowed("write", rate, float(seconds))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _allowed(policy: str, rate: int, until_full: float) -> Allowance:
    return Allowance(policy, rate, max(0, int(rate - until_full * rate / _WINDOW + 0.5)), 0.0)
