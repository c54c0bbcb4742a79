"""Slots: leases that bound how many workers send for a workspace. The ledger alone decides who sends which message."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import Redis

from models.queue import workspace_leases
from workers import leases
from workers.leases import Lost

MOST: Final = 4


def slots_of(messages_per_second: int) -> int:
    return min(MOST, 1 + messages_per_second // 400)


@asynccontextmanager
async def held(workspace_id: int, slot: int) -> AsyncIterator[Lost | None]:
    """Holds the slot inside the block; None when another worker holds it."""
    async with leases.held(workspace_id, _name(slot)) as lost:
        yield lost


async def free(workspace_id: int, slots: int) -> list[int]:
    taken = await workspace_leases.held_names(workspace_id)
    return [slot for slot in range(slots) if _name(slot) not in taken]


def _name(slot: int) -> str:
    return f"sending {slot}"


# a hint: its loss does no harm


async def rest(redis: Redis, workspace_id: int, seconds: float) -> None:
    """Workers skip this workspace for `seconds`. Raises RedisError when Redis fails."""
    await redis.set(_resting(workspace_id), b"1", px=max(1, int(seconds * 1000)))


async def is_resting(redis: Redis, workspace_id: int) -> bool:
    """Whether the time of `rest` is not over. Raises RedisError when Redis fails."""
    return bool(await redis.exists(_resting(workspace_id)))


async def wake(redis: Redis, workspace_id: int) -> None:
    """Ends the time of `rest`. Raises RedisError when Redis fails."""
    await redis.delete(_resting(workspace_id))


def _resting(workspace_id: int) -> str:
    return f"muster:resting:{workspace_id}"
