"""Lanes: how many turns of one kind run at once for a workspace, over all workers.

A lane is a short lease in Redis that its holder renews. A worker that is killed frees its lane within seconds; when Redis is
emptied two may hold the same lane for a moment, which costs nothing: the ledger says who sends to whom.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

LEASE_SECONDS: Final = 3.0

MOST: Final = 4

_RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] and redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) == false then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""

_FREE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


def lanes_of(messages_per_second: int) -> int:
    """How many turns a number of this pace needs at once."""
    return min(MOST, 1 + messages_per_second // 400)


@contextlib.asynccontextmanager
async def held(redis: Redis, workspace_id: int, lane: int | str) -> AsyncIterator[bool]:
    """Hold the lane while inside; False when somebody else does. Raises RedisError at the start only."""
    key, token = _key(workspace_id, lane), os.urandom(8).hex()
    if not await redis.set(key, token, nx=True, px=int(LEASE_SECONDS * 1000)):
        yield False
        return
    renewing = asyncio.create_task(_keep_renewing(redis, key, token))
    try:
        yield True
    finally:
        renewing.cancel()
        with contextlib.suppress(RedisError, OSError):
            await redis.eval(_FREE, 1, key, token)  # type: ignore[misc]  # redis-py types it as perhaps not awaitable


async def _keep_renewing(redis: Redis, key: str, token: str) -> None:
    while True:
        await asyncio.sleep(LEASE_SECONDS / 3)
        with contextlib.suppress(RedisError, OSError):
            await redis.eval(_RENEW, 1, key, token, str(int(LEASE_SECONDS * 1000)))  # type: ignore[misc]


async def free(redis: Redis, workspace_id: int, lanes: int) -> Sequence[int]:
    """The lanes that nobody holds. Raises RedisError."""
    held_by = await redis.mget([_key(workspace_id, lane) for lane in range(lanes)])
    return [lane for lane, holder in enumerate(held_by) if holder is None]


async def rest(redis: Redis, workspace_id: int, seconds: float) -> None:
    """Nobody needs to look at this workspace for so long. Raises RedisError."""
    await redis.set(_resting(workspace_id), b"1", px=max(1, int(seconds * 1000)))


async def is_resting(redis: Redis, workspace_id: int) -> bool:
    """Whether `rest` was called and is not over. Raises RedisError."""
    return bool(await redis.exists(_resting(workspace_id)))


async def wake(redis: Redis, workspace_id: int) -> None:
    """Look at it again at once. Raises RedisError."""
    await redis.delete(_resting(workspace_id))


def _key(workspace_id: int, lane: int | str) -> str:
    return f"muster:lane:{workspace_id}:{lane}"


def _resting(workspace_id: int) -> str:
    return f"muster:resting:{workspace_id}"
