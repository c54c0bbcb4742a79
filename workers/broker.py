"""Messages over Redis: work for the workers, and hints that logs have grown."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import orjson
from arq.connections import ArqRedis

from models.changelog import contact_hints, hints
from models.changelog.contact_hints import ChangedContacts
from models.queue import enqueue
from models.queue.enqueue import Message
from models.queue.work import Ids, Queue, Work
from workers.redis_connections import connections

UNACKNOWLEDGED_SECONDS: Final = 5
"""A killed worker's work can be sent again after this time."""

UNSENT_SECONDS: Final = 1
"""Work whose sending was cut off halfway can be sent again after this time."""

WORK_CHANNEL: Final = "muster:work:"
"""Followed by the name of a queue to which work was sent. The message is empty."""

LOG_CHANNEL: Final = "muster:log:"
"""Followed by the workspace's id. The message is empty."""

CONTACTS_CHANNEL: Final = "muster:contacts:"
"""Followed by the workspace's id. The message has ids with commas between them; it is empty when they are too many."""


def queue_key(queue: Queue) -> str:
    return f"muster:queue:{queue.value}"


@contextlib.asynccontextmanager
async def connected_broker(redis_url: str, socket_seconds: float = enqueue.SEND_SECONDS) -> AsyncIterator["Broker"]:
    """Also for `enqueue` and the hints. A connection silent for `socket_seconds` counts as lost."""
    broker = Broker(redis_url, socket_seconds)
    enqueue.use(broker)
    hints.use(broker)
    contact_hints.use(broker)
    try:
        yield broker
    finally:
        enqueue.use(None)
        hints.use(None)
        contact_hints.use(None)
        await broker.close()


class Broker:
    def __init__(self, redis_url: str, socket_seconds: float = enqueue.SEND_SECONDS) -> None:
        self._pool = connections(redis_url, socket_seconds, max_connections=50)
        self.redis = ArqRedis(pool_or_conn=self._pool, job_serializer=_to_json, job_deserializer=orjson.loads)

    async def close(self) -> None:
        await self._pool.end()

    async def send(self, messages: Sequence[Message]) -> None:
        """Skips work that is enqueued already. Raises RedisError."""
        for message in messages:  # mostly one: no pipeline
            key, queue = _waiting_key(message.work, message.ids), message.work.queue
            if await self.redis.set(key, b"1", nx=True, ex=UNSENT_SECONDS):
                await self.redis.enqueue_job(message.work.name, *message.ids, _queue_name=queue_key(queue))
                async with self.redis.pipeline(transaction=False) as pipeline:
                    pipeline.expire(key, UNACKNOWLEDGED_SECONDS)
                    pipeline.publish(f"{WORK_CHANNEL}{queue.value}", b"")
                    await pipeline.execute()

    async def give(self, workspace_ids: Sequence[int]) -> None:
        """Publishes that these workspaces' logs have grown. Raises RedisError when Redis fails."""
        for workspace_id in workspace_ids:
            await self.redis.publish(f"{LOG_CHANNEL}{workspace_id}", b"")

    async def tell(self, changes: Sequence[ChangedContacts]) -> None:
        """Publishes which contacts have changed. Raises RedisError when Redis fails."""
        for change in changes:
            ids = ",".join(map(str, change.ids or ()))
            await self.redis.publish(f"{CONTACTS_CHANNEL}{change.workspace_id}", ids)

    async def acknowledge(self, work: Work[*Ids], *ids: *Ids) -> None:
        """Call this before reading what there is to do: work enqueued after that starts another run. Raises RedisError."""
        await self.redis.delete(_waiting_key(work, ids))

    async def first(self, key: str, seconds: float) -> bool:
        """Whether nobody asked for `key` within `seconds`. Raises RedisError."""
        return bool(await self.redis.set(f"muster:first:{key}", b"1", nx=True, px=max(1, int(seconds * 1000))))

    @contextlib.asynccontextmanager
    async def hear_work(self, queue: Queue) -> AsyncIterator[AsyncIterator[None]]:
        """Yields an item for each message that is sent to a queue, and one at first for what was sent before.

        Raises RedisError when the connection breaks.
        """
        async with self.redis.pubsub() as channel:
            await channel.subscribe(f"{WORK_CHANNEL}{queue.value}")
            yield _each_message(channel)

    @contextlib.asynccontextmanager
    async def hear(self) -> AsyncIterator[AsyncIterator[int]]:
        """Ids of workspaces whose log grows. Raises RedisError when the connection breaks."""
        async with self._heard(LOG_CHANNEL) as messages:
            yield (workspace_id async for workspace_id, _ in messages)

    @contextlib.asynccontextmanager
    async def hear_changes(self) -> AsyncIterator[AsyncIterator[ChangedContacts]]:
        """Contacts that change. Raises RedisError when the connection breaks."""
        async with self._heard(CONTACTS_CHANNEL) as messages:
            yield (ChangedContacts(workspace_id, _ids_in(text)) async for workspace_id, text in messages)

    @contextlib.asynccontextmanager
    async def _heard(self, channel_name: str) -> AsyncIterator[AsyncIterator[tuple[int, bytes]]]:
        async with self.redis.pubsub() as channel:
            await channel.psubscribe(f"{channel_name}*")
            yield _messages(channel, len(channel_name))


async def _messages(channel: Any, name_length: int) -> AsyncIterator[tuple[int, bytes]]:
    """Workspace ids with what was published."""
    while True:
        message = await channel.get_message(ignore_subscribe_messages=True, timeout=10.0)
        if message is not None:
            yield int(message["channel"][name_length:]), message["data"]


async def _each_message(channel: Any) -> AsyncIterator[None]:
    while True:
        if await channel.get_message(timeout=10.0) is not None:
            yield None


def _ids_in(text: bytes) -> frozenset[int] | None:
    return frozenset(map(int, text.split(b","))) if text else None


def _waiting_key(work: Work[*tuple[Any, ...]], ids: Sequence[object]) -> str:
    return ":".join(("muster:enqueued", work.name, *map(str, ids)))


def _to_json(job: dict[str, Any]) -> bytes:
    return orjson.dumps(job, default=str)
