"""A leaky bucket of points for each caller, shared by all API processes through Redis.

To ask Redis for each request is too slow, so a process takes an allowance from the bucket and spends it first. A caller can
exceed its bucket by one allowance per process. Without an answer of Redis, each process uses its own bucket.
"""

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
    """Points: `maximum` in a bucket, `per_second` that flow back, `operation` at most for one operation."""

    maximum: int = 1_000_000
    per_second: int = 50_000
    operation: int = 100_000

    @property
    def allowance(self) -> int:
        return max(1, self.maximum // 100)


class BucketLevel(NamedTuple):
    rates: Rates
    available: int


@dataclass(slots=True)
class Allowance:
    """Points that a process holds, and those `left` in the bucket when it last asked."""

    points: float = 0
    left: float = 0
    asked_at: float = 0
    local_level: float | None = None
    """The bucket while Redis does not answer."""


# Takes up to `want` points, or none when the bucket holds less than `need`.
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

_UNASKED_SECONDS: Final = 2.0

_MOST_ALLOWANCES: Final = 50_000


@dataclass(slots=True)
class Throttle:
    rates: Rates
    redis: Redis | None = None
    now: Callable[[], float] = time.monotonic
    allowances: dict[str, Allowance] = field(default_factory=dict)
    unasked_until: float = 0

    async def charge(self, caller: str, points: int) -> Allowance:
        """Raises Throttled, or CostExceeded for more than one operation may cost."""
        if points > self.rates.operation:
            raise CostExceeded(
                f"this operation may cost {points} points, and the most for one is {self.rates.operation}:"
                " ask for smaller pages, or for less inside of them"
            )
        allowance = self.allowances.get(caller) or self._new_allowance(caller)
        if allowance.points < points:
            await self._extend(caller, allowance, points)
        allowance.points -= points
        return allowance

    def give_back(self, allowance: Allowance, points: int) -> None:
        allowance.points += points

    def level(self, allowance: Allowance) -> BucketLevel:
        refill = (self.now() - allowance.asked_at) * self.rates.per_second
        return BucketLevel(self.rates, int(min(self.rates.maximum, allowance.points + allowance.left + refill)))

    def _new_allowance(self, caller: str) -> Allowance:
        if len(self.allowances) >= _MOST_ALLOWANCES:
            self.allowances.clear()
        allowance = self.allowances[caller] = Allowance()
        return allowance

    async def _extend(self, caller: str, allowance: Allowance, points: int) -> None:
        while (need := points - allowance.points) > 0:  # others spend of it meanwhile
            taken, left = await self._take(caller, allowance, need, need + self.rates.allowance)
            allowance.points += taken
            allowance.left, allowance.asked_at = left, self.now()
            if (missing := points - allowance.points - left) > 0:
                seconds = round(missing / self.rates.per_second, 3)
                raise Throttled(f"you have spent your points: try again in {seconds} seconds", max(seconds, 0.001))

    async def _take(self, caller: str, allowance: Allowance, need: float, want: float) -> tuple[float, float]:
        if self.redis is not None and self.now() >= self.unasked_until:
            try:
                arguments = map(str, (self.rates.maximum, self.rates.per_second, need, want))
                answer = self.redis.eval(_TAKE, 1, f"muster:cost:{caller}", *arguments)
                taken, left = await answer  # type: ignore[misc]
                allowance.local_level = None
                return float(taken), float(left)
            except (RedisError, OSError) as error:
                self.unasked_until = self.now() + _UNASKED_SECONDS
                log.warning("redis does not answer: each process meters on its own", error=type(error).__name__)
        return self._take_locally(allowance, need, want)

    def _take_locally(self, allowance: Allowance, need: float, want: float) -> tuple[float, float]:
        refill = (self.now() - allowance.asked_at) * self.rates.per_second
        level = (
            float(self.rates.maximum)
            if allowance.local_level is None
            else min(self.rates.maximum, allowance.local_level + refill)
        )
        taken = min(want, level) if level >= need else 0.0
        allowance.local_level = level - taken
        return taken, allowance.local_level
