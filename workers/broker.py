"""Messages over Redis: what was enqueued on its way to the workers, and hints on their way to those who follow a log.

The same work enqueued again before a worker began with it is one message. A task calls `acknowledge` before it reads what there
is to do: what is enqueued after that starts another run.
"""

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
"""How long a message that nobody acknowledged stands for all that follow. After that a killed worker's work is sent again."""

LOG_CHANNEL: Final = "muster:log:"
"""A workspace's log has grown: the channel's name ends in the workspace's id, the message is empty."""


def queue_key(queue: Queue) -> str:
    """Where a queue's messages wait in Redis."""
    return f"muster:queue:{queue.value}"


@contextlib.asynccontextmanager
async def connected_broker(redis_url: str, socket_seconds: float = enqueue.SEND_SECONDS) -> AsyncIterator["Broker"]:
    """This process's broker: while inside, what is enqueued is sent by way of it, and hints are heard there.

    No answer of Redis for `socket_seconds` counts as a lost connection.
    """
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
    """One process's way to Redis: its `Sender` and its `Hints`."""

    def __init__(self, redis_url: str, socket_seconds: float = enqueue.SEND_SECONDS) -> None:
        pool = connections(redis_url, socket_seconds, max_connections=50)
        self.redis = ArqRedis(pool_or_conn=pool, job_serializer=_to_json, job_deserializer=orjson.loads)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.redis.aclose(close_connection_pool=True)

    # ------------------------------------------------------------ sent

    async def send(self, messages: Sequence[Message]) -> None:
        """Start the work that does not wait already. Raises RedisError."""
        for message in messages:  # mostly one, for which a pipeline costs more than it saves
            if await self.redis.set(_waiting_key(message.work, message.ids), b"1", nx=True, ex=UNACKNOWLEDGED_SECONDS):
                await self.redis.enqueue_job(message.work.name, *message.ids, _queue_name=queue_key(message.work.queue))

    async def give(self, workspace_ids: Sequence[int]) -> None:
        """Publish that logs of these workspaces have grown. Raises RedisError."""
        for workspace_id in workspace_ids:
            await self.redis.publish(f"{LOG_CHANNEL}{workspace_id}", b"")

    # ------------------------------------------------------------ received

    async def acknowledge(self, work: Work[*Ids], *ids: *Ids) -> None:
        """From here on the same work is sent anew: call it just before reading what there is to do. Raises RedisError."""
        await self.redis.delete(_waiting_key(work, ids))

    async def first(self, key: str, seconds: float) -> bool:
        """Whether the caller is the first of all processes to ask for `key` within `seconds`. Raises RedisError."""
        return bool(await self.redis.set(f"muster:first:{key}", b"1", nx=True, px=max(1, int(seconds * 1000))))

    @contextlib.asynccontextmanager
    async def hear(self) -> AsyncIterator[AsyncIterator[int]]:
        """The ids of workspaces whose log has grown, as it happens. Raises RedisError when the connection breaks."""
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
