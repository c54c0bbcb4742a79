"""The pace of a phone number: a token bucket in Redis that all its workers share.

It holds a tenth of a second's messages, so that they flow evenly. A window of about a second bounds the grants, whatever
stalled before. The API's 130429 slows the number down at once; it recovers slowly. When Redis has lost the state of a number
that sent within the last seconds, it waits a whole window. Scripts use the clock of Redis: workers' clocks need not agree."""

import asyncio
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

WINDOW_MICROSECONDS: Final = 1_025_000
"""A second, and some time for messages to arrive."""

PROMPT_SECONDS: Final = 0.015
"""Messages leave so soon after the moment that their window counts. When Redis answers later, the moment is moved again."""

AHEAD_MICROSECONDS: Final = 15_000
"""Messages are claimed so long before a grant begins."""

_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, want, idle, window = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4])
local ahead = tonumber(ARGV[5])
local state = redis.call('HMGET', KEYS[1], 'ease', 'eased_at', 'rest_until', 'tokens', 'filled_at')
local ease, eased_at = tonumber(state[1]), tonumber(state[2])
local rest_until, tokens, filled_at = tonumber(state[3]), tonumber(state[4]), tonumber(state[5])
if not ease then
    ease, eased_at, tokens, filled_at = 1, now, 0, now
    rest_until = idle and 0 or now + window
end
-- Five percent a second, until the limit is reached again.
ease = math.min(1, ease * math.pow(1.05, (now - eased_at) / 1000000))
local pace = math.max(1, limit * ease)
local full = math.max(1, pace * 0.1)
tokens = math.min(full, tokens + math.max(0, now - filled_at) * pace * 1.25 / 1000000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. string.format('%.0f', now - window))
-- What leaves the window while messages are claimed may be granted: the grant begins when it has left.
local given, oldest, begins = 0, nil, now
for _, grant in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    local at, count = string.match(grant, '(%d+):(%d+)')
    if tonumber(at) + window <= now + ahead then
        begins = math.max(begins, tonumber(at) + window)
    else
        given = given + tonumber(count)
        oldest = oldest or tonumber(at)
    end
end
local room = math.floor(pace) - given
local least = math.min(want, math.max(1, math.floor(full * 0.8)))
local granted, wait, member = 0, 0, ''
if now < rest_until then
    wait = rest_until - now
elseif room < 1 then
    wait = oldest + window - ahead - now
elseif tokens < least then
    wait = (least - tokens) / (pace * 1.25 / 1000000)
else
    granted = math.min(want, math.floor(tokens), room)
    tokens = tokens - granted
    local at = begins
    member = string.format('%.0f:%d', at, granted)
    while redis.call('ZADD', KEYS[2], 'NX', string.format('%.0f', at), member) == 0 do
        at = at + 1
        member = string.format('%.0f:%d', at, granted)
    end
end
redis.call('HSET', KEYS[1], 'ease', tostring(ease), 'eased_at', string.format('%.0f', now), 'rest_until',
           string.format('%.0f', rest_until), 'tokens', tostring(tokens), 'filled_at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 60000)
redis.call('PEXPIRE', KEYS[2], 60000)
return {granted, math.ceil(wait), member, begins - now}
"""

# The window counts messages: used grants move to this moment. Returns their new name.
_USE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local used = tonumber(ARGV[2])
local granted = string.match(ARGV[1], ':(%d+)')
if redis.call('ZREM', KEYS[2], ARGV[1]) == 1 and tonumber(granted) > used then
    redis.call('HINCRBYFLOAT', KEYS[1], 'tokens', tonumber(granted) - used)
end
local member = ''
if used > 0 then
    member = string.format('%.0f:%d', now, used)
    while redis.call('ZADD', KEYS[2], 'NX', string.format('%.0f', now), member) == 0 do
        now = now + 1
        member = string.format('%.0f:%d', now, used)
    end
    redis.call('PEXPIRE', KEYS[2], 60000)
end
return member
"""

# At most once a second, however many 130429 come back. A second one within five seconds means that the number is
# slower.
_SLOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local state = redis.call('HMGET', KEYS[1], 'ease', 'eased_at', 'slowed_at')
local slowed_at = tonumber(state[3])
if slowed_at and now - slowed_at < 1000000 then return 0 end
local ease = tonumber(state[1]) or 1
ease = math.min(1, ease * math.pow(1.05, (now - (tonumber(state[2]) or now)) / 1000000))
local factor = (slowed_at and now - slowed_at < 5000000) and 0.7 or 0.95
redis.call('HSET', KEYS[1], 'ease', tostring(math.max(0.02, ease * factor)), 'eased_at', string.format('%.0f', now),
           'slowed_at', string.format('%.0f', now))
redis.call('HSETNX', KEYS[1], 'rest_until', string.format('%.0f', now + tonumber(ARGV[1])))
redis.call('HSETNX', KEYS[1], 'tokens', '0')
redis.call('HSETNX', KEYS[1], 'filled_at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 60000)
return 1
"""

_REST: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local until_at = now + tonumber(ARGV[1])
if redis.call('HSETNX', KEYS[1], 'ease', '1') == 1 then
    until_at = math.max(until_at, now + tonumber(ARGV[2]))
end
if (tonumber(redis.call('HGET', KEYS[1], 'rest_until')) or 0) < until_at then
    redis.call('HSET', KEYS[1], 'rest_until', string.format('%.0f', until_at))
    redis.call('HSETNX', KEYS[1], 'eased_at', string.format('%.0f', now))
    redis.call('HSETNX', KEYS[1], 'tokens', '0')
    redis.call('HSETNX', KEYS[1], 'filled_at', string.format('%.0f', now))
end
redis.call('PEXPIRE', KEYS[1], math.max(60000, math.ceil(tonumber(ARGV[1]) / 1000) + 1000))
return 1
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """Send `count` messages in `begins_in_seconds`; if 0, ask again in `wait_seconds`. `name` is its id."""

    count: int
    wait_seconds: float
    begins_in_seconds: float
    name: str


class Bucket:
    """`limit` messages a second. Methods raise RedisError."""

    def __init__(self, redis: Redis, number_id: str, limit: int) -> None:
        self.limit = limit
        self._keys = (f"muster:pace:{{{number_id}}}", f"muster:pace:{{{number_id}}}:grants")
        self._take = redis.register_script(_TAKE)
        self._use = redis.register_script(_USE)
        self._slow = redis.register_script(_SLOW)
        self._rest = redis.register_script(_REST)

    async def take(self, want: int, *, idle: bool = False) -> Grant:
        """Grants at most `want`. With `idle`, nothing was sent for seconds, as PostgreSQL says."""
        arguments = [self.limit, want, int(idle), WINDOW_MICROSECONDS, AHEAD_MICROSECONDS]
        count, wait, name, begins = await self._take(keys=self._keys, args=arguments)
        named = name.decode() if isinstance(name, bytes) else name
        return Grant(int(count), int(wait) / 1_000_000, int(begins) / 1_000_000, named)

    async def use(self, grant: Grant, count: int) -> None:
        """Call it after the grant's beginning, and send when it returns; the rest of the grant goes back."""
        name, clock = grant.name, asyncio.get_running_loop().time
        for _ in range(5):
            asked_at = clock()
            used = await self._use(keys=self._keys, args=[name, count])
            if count == 0 or clock() - asked_at <= PROMPT_SECONDS:
                return
            name = used.decode() if isinstance(used, bytes) else used

    async def slow_down(self) -> None:
        """Lowers the pace after the API answered that the number is too fast."""
        await self._slow(keys=self._keys, args=[WINDOW_MICROSECONDS])

    async def rest(self, seconds: float) -> None:
        await self._rest(keys=self._keys, args=[int(seconds * 1_000_000), WINDOW_MICROSECONDS])

    async def wait_for_one(self, most_seconds: float, *, idle: bool = False) -> bool:
        """Returns False when there was none in time."""
        deadline = asyncio.get_running_loop().time() + most_seconds
        while True:
            grant = await self.take(1, idle=idle)
            if grant.count:
                await asyncio.sleep(grant.begins_in_seconds)
                await self.use(grant, 1)
                return True
            if asyncio.get_running_loop().time() + grant.wait_seconds > deadline:
                return False
            await asyncio.sleep(max(0.001, grant.wait_seconds))
