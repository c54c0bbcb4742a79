"""Messages over Redis: work for the workers, and hints that logs have grown."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import orjson
from arq.connections import ArqRedis

from models.changelog import hints
from models.queue import enqueue
from models.queue.enqueue import Message
from models.queue.work import Ids, Queue, Work
from workers.redis_connections import connections

UNACKNOWLEDGED_SECONDS: Final = 5
"""A killed worker's work can be sent again after this time."""

LOG_CHANNEL: Final = "muster:log:"
"""Followed by the workspace's id. The message is empty."""


def queue_key(queue: Queue) -> str:
    return f"muster:queue:{queue.value}"


@contextlib.asynccontextmanager
async def connected_broker(redis_url: str, socket_seconds: float = enqueue.SEND_SECONDS) -> AsyncIterator["Broker"]:
    """Also for `enqueue` and `hints`. A connection silent for `socket_seconds` counts as lost."""
    broker = Broker(redis_url, socket_seconds)
    enqueue.use(broker)
    hints.use(broker)
    try:
        yield broker
    finally:
        enqueue.use(None)
        hints.use(None)
        await broker.close()


class Broker:
    def __init__(self, redis_url: str, socket_seconds: float = enqueue.SEND_SECONDS) -> None:
        pool = connections(redis_url, socket_seconds, max_connections=50)
        self.redis = ArqRedis(pool_or_conn=pool, job_serializer=_to_json, job_deserializer=orjson.loads)

    async def close(self) -> None:
        await self.redis.aclose(close_connection_pool=True)

    async def send(self, messages: Sequence[Message]) -> None:
        """Skips work that is enqueued already. Raises RedisError."""
        for message in messages:  # mostly one: no pipeline
            if await self.redis.set(_waiting_key(message.work, message.ids), b"1", nx=True, ex=UNACKNOWLEDGED_SECONDS):
                await self.redis.enqueue_job(message.work.name, *message.ids, _queue_name=queue_key(message.work.queue))

    async def give(self, workspace_ids: Sequence[int]) -> None:
        """Publishes that these workspaces' logs have grown. Raises RedisError when Redis fails."""
        for workspace_id in workspace_ids:
            await self.redis.publish(f"{LOG_CHANNEL}{workspace_id}", b"")

    async def acknowledge(self, work: Work[*Ids], *ids: *Ids) -> None:
        """Call this before reading what there is to do: work enqueued after that starts another run. Raises RedisError."""
        await self.redis.delete(_waiting_key(work, ids))

    async def first(self, key: str, seconds: float) -> bool:
        """Whether nobody asked for `key` within `seconds`. Raises RedisError."""
        return bool(await self.redis.set(f"muster:first:{key}", b"1", nx=True, px=max(1, int(seconds * 1000))))

    @contextlib.asynccontextmanager
    async def hear(self) -> AsyncIterator[AsyncIterator[int]]:
        """Ids of workspaces whose log grows. Raises RedisError when the connection breaks."""
        async with self.redis.pubsub() as channel:
            await channel.psubscribe(f"{LOG_CHANNEL}*")
            yield _workspaces(channel)


async def _workspaces(channel: Any) -> AsyncIterator[int]:
    while True:
        message = await channel.get_message(ignore_subscribe_messages=True, timeout=10.0)
        if message is not None:
            yield int(message["channel"].removeprefix(LOG_CHANNEL.encode()))


def _waiting_key(work: Work[*tuple[Any, ...]], ids: Sequence[object]) -> str:
    return ":".join(("muster:enqueued", work.name, *map(str, ids)))


def _to_json(job: dict[str, Any]) -> bytes:
    return orjson.dumps(job, default=str)
