"""A leaky bucket of points for each caller, shared by all API processes through Redis.

Asking Redis on every request would cost more than many a request. So a process takes a lease of some points from the
shared bucket and serves from it until it is used up. What a caller can get beyond its bucket is then bounded by one
lease for each process; what a lease leaves unused flows back by itself, as the bucket refills.

Redis may be away: then each process goes by a bucket of its own, and says so in the log. PostgreSQL is the truth, so
the API goes on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from models.errors import Throttled
from schema.server.refusals import CostExceeded

log = structlog.get_logger("muster.api")


@dataclass(frozen=True, slots=True)
class Rates:
    """What a caller may spend: `maximum` at once, `per_second` flowing back, `operation` in one operation."""

    maximum: int = 1_000_000
    per_second: int = 50_000
    operation: int = 100_000

    @property
    def lease(self) -> int:
        """How many points a process takes at a time."""
        return max(1, self.maximum // 100)


class BucketLevel(NamedTuple):
    """What a caller has left, as far as this process knows."""

    rates: Rates
    available: int


@dataclass(slots=True)
class Lease:
    """What this process holds of a caller's bucket, and what was left in the bucket when it last asked."""

    points: float = 0
    left: float = 0
    asked_at: float = 0
    own: float | None = None
    """The caller's bucket in this process, while Redis is away."""


# The bucket as it is now; then `need` or up to `want` points out of it, or none.
_TAKE: Final = """
local maximum, rate, need, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local held = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = maximum
if held[1] then level = math.min(maximum, tonumber(held[1]) + (now - tonumber(held[2])) * rate) end
local taken = 0
if level >= need then taken = math.min(want, level) end
redis.call('HSET', KEYS[1], 'level', tostring(level - taken), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], math.ceil(maximum / rate) + 60)
return {tostring(taken), tostring(level - taken)}
"""

_AWAY_SECONDS: Final = 2.0
"""How long Redis is left alone after it did not answer."""

_MOST_LEASES: Final = 50_000


@dataclass(slots=True)
class Throttle:
    """Meters the callers of this process. `redis` None: by buckets of its own."""

    rates: Rates
    redis: Redis | None = None
    now: Callable[[], float] = time.monotonic
    leases: dict[str, Lease] = field(default_factory=dict)
    away_until: float = 0

    async def charge(self, caller: str, points: int) -> Lease:
        """Take the points from the caller's bucket. Raises CostExceeded for more than any operation may, or
        Throttled."""
        if points > self.rates.operation:
            raise CostExceeded(
                f"this operation may cost {points} points, and the most for one is {self.rates.operation}:"
                " ask for smaller pages, or for less inside of them"
            )
        lease = self.leases.get(caller) or self._lease(caller)
        if lease.points < points:
            await self._extend(caller, lease, points)
        lease.points -= points
        return lease

    def give_back(self, lease: Lease, points: int) -> None:
        """Return what an operation did not use after all."""
        lease.points += points

    def standing(self, lease: Lease) -> BucketLevel:
        """What the caller has left."""
        flowed = (self.now() - lease.asked_at) * self.rates.per_second
        return BucketLevel(self.rates, int(min(self.rates.maximum, lease.points + lease.left + flowed)))

    def _lease(self, caller: str) -> Lease:
        if len(self.leases) >= _MOST_LEASES:
            self.leases.clear()
        lease = self.leases[caller] = Lease()
        return lease

    async def _extend(self, caller: str, lease: Lease, points: int) -> None:
        need = points - lease.points
        taken, left = await self._take(caller, lease, need, need + self.rates.lease)
        lease.points += taken
        lease.left, lease.asked_at = left, self.now()
        if lease.points < points:
            seconds = round((points - lease.points - left) / self.rates.per_second, 3)
            raise Throttled(f"you have spent your points: try again in {seconds} seconds", max(seconds, 0.001))

    async def _take(self, caller: str, lease: Lease, need: float, want: float) -> tuple[float, float]:
        if self.redis is not None and self.now() >= self.away_until:
            try:
                numbers = map(str, (self.rates.maximum, self.rates.per_second, need, want))
                answer = self.redis.eval(_TAKE, 1, f"muster:cost:{caller}", *numbers)
                taken, left = await answer  # type: ignore[misc]
                lease.own = None
                return float(taken), float(left)
            except (RedisError, OSError) as error:
                self.away_until = self.now() + _AWAY_SECONDS
                log.warning("redis does not answer: each process meters on its own", error=type(error).__name__)
        return self._take_own(lease, need, want)

    def _take_own(self, lease: Lease, need: float, want: float) -> tuple[float, float]:
        flowed = (self.now() - lease.asked_at) * self.rates.per_second
        level = float(self.rates.maximum) if lease.own is None else min(self.rates.maximum, lease.own + flowed)
        taken = min(want, level) if level >= need else 0.0
        lease.own = level - taken
        return taken, lease.own
