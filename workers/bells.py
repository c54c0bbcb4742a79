"""Bells: how the rest of Muster tells the workers, and the other processes, that there is something to look at.

A bell says that something waits, never what: PostgreSQL says what. A bell that is lost (Redis down, emptied, restarted) is
made good by a sweep within a second, so ringing never fails the caller. Ring after the commit, never inside a transaction.

The same bell rung again before anybody answered is one bell. A task calls `answered` before it reads what there is to do:
what is rung after that starts another run.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any, Final

import orjson
import structlog
from arq.connections import ArqRedis
from prometheus_client import Counter
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = structlog.get_logger(__name__)

UNANSWERED_SECONDS: Final = 5
"""How long a bell that nobody answered counts as rung. A killed worker's bell can be rung again after that."""

TIMEOUT_SECONDS: Final = 1.0
"""How long a caller waits for Redis before it goes on without."""

LOG_CHANNEL: Final = "muster:log:"
"""A workspace's membership log has grown: the channel's name ends in the workspace's number, the message is empty."""

_lost = Counter("muster_bells_lost_total", "Bells that Redis did not take; a sweep makes them good.", ["bell"])


class Queue(StrEnum):
    """Who does the work: one kind of worker process for each."""

    REALTIME = "realtime"
    BULK = "bulk"
    BROADCAST = "broadcast"

    @property
    def key(self) -> str:
        """Where its jobs wait in Redis."""
        return f"muster:queue:{self.value}"


def connections(redis_url: str, seconds: float, **options: Any) -> ConnectionPool:
    """A pool of connections that let no operation take longer than so many seconds, and lose no cancellation."""
    pool = ConnectionPool.from_url(redis_url, socket_timeout=seconds, socket_connect_timeout=seconds, **options)
    pool.connection_class = type("Connection", (_Heeding, pool.connection_class), {})
    return pool


class _Heeding(AbstractConnection):
    """redis-py sends within `asyncio.wait_for`, which up to Python 3.11 may lose a cancellation (cpython issue 81839).

    A worker that is asked to stop would go on looking for work, a lease that was let go would be renewed for ever.
    """

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        seconds, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(seconds):
                await super().send_packed_command(command, check_health)
        except TimeoutError:
            await self.disconnect(nowait=True)
            raise RedisTimeoutError("Timeout writing to socket") from None
        finally:
            self.socket_timeout = seconds


class Bells:
    """The bells of one process. Make one at start, close it at the end."""

    def __init__(self, redis_url: str) -> None:
        pool = connections(redis_url, TIMEOUT_SECONDS, max_connections=50)
        self.redis = ArqRedis(pool_or_conn=pool, job_serializer=_to_json, job_deserializer=orjson.loads)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.redis.aclose(close_connection_pool=True)

    # ------------------------------------------------------------ the bells

    async def changes(self, workspace_id: int) -> None:
        """Contacts or activities of the workspace were written: its dynamic segments have something to take in."""
        await self.job(Queue.REALTIME, "process_changes", workspace_id)

    async def members(self, workspace_id: int) -> None:
        """Members were put in or taken out: there is news for subscribers, and perhaps for segments that build on these."""
        await self.log_grew(workspace_id)
        await self.changes(workspace_id)

    async def rule(self, workspace_id: int, segment_id: int) -> None:
        """A segment has a new rule (status BUILDING) to be computed and swapped in."""
        await self.job(Queue.BULK, "rebuild", workspace_id, segment_id)

    async def job(self, queue: Queue, task: str, *args: int) -> None:
        """Start `task` (its name in a TASKS list) on `queue` with these ids, soon, unless it is rung already."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                if await self.redis.set(_rung(task, args), b"1", nx=True, ex=UNANSWERED_SECONDS):
                    await self.redis.enqueue_job(task, *args, _queue_name=queue.key)
        except (RedisError, OSError, TimeoutError) as error:
            self._missed(task, error)

    async def log_grew(self, workspace_id: int) -> None:
        """Tell every API process that the workspace's membership log has grown."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self.redis.publish(f"{LOG_CHANNEL}{workspace_id}", b"")
        except (RedisError, OSError, TimeoutError) as error:
            self._missed("log_grew", error)

    def _missed(self, bell: str, error: Exception) -> None:
        _lost.labels(bell).inc()
        log.warning("bell lost", bell=bell, error=type(error).__name__)

    # ------------------------------------------------------------ the ones who hear them

    async def answered(self, task: str, *args: int) -> None:
        """From here on the same bell rings anew: call it just before reading what there is to do. Raises RedisError."""
        await self.redis.delete(_rung(task, args))

    async def first(self, key: str, seconds: float) -> bool:
        """Whether the caller is the first of all processes to ask for `key` within `seconds`. Raises RedisError."""
        return bool(await self.redis.set(f"muster:first:{key}", b"1", nx=True, px=max(1, int(seconds * 1000))))

    @contextlib.asynccontextmanager
    async def hear_log(self) -> AsyncIterator[AsyncIterator[int]]:
        """The numbers of workspaces whose log has grown, as it happens. Raises RedisError when the connection breaks."""
        async with self.redis.pubsub() as channel:
            await channel.psubscribe(f"{LOG_CHANNEL}*")
            yield _workspaces(channel)


class NoBells(Bells):
    """Where there is no Redis to ring through: the sweeps find what there is to do."""

    def __init__(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def job(self, queue: Queue, task: str, *args: int) -> None:
        """Nobody hears it."""

    async def log_grew(self, workspace_id: int) -> None:
        """Nobody hears it."""


async def _workspaces(channel: Any) -> AsyncIterator[int]:
    while True:
        message = await channel.get_message(ignore_subscribe_messages=True, timeout=10.0)
        if message is not None:
            yield int(message["channel"].removeprefix(LOG_CHANNEL.encode()))


def _rung(task: str, args: tuple[int, ...]) -> str:
    return ":".join(("muster:rung", task, *map(str, args)))


def _to_json(job: dict[str, Any]) -> bytes:
    return orjson.dumps(job, default=str)
