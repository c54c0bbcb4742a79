"""Connections to Redis whose operations time out and can be cancelled."""

import asyncio
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import TimeoutError as RedisTimeoutError


class Connections(ConnectionPool):
    """A pool that ends: what is under way then goes on, and leaves no connection open."""

    has_ended = False

    async def end(self) -> None:
        self.has_ended = True
        await self.disconnect()

    async def release(self, connection: AbstractConnection) -> None:
        await super().release(connection)
        if self.has_ended:
            await connection.disconnect()


def connections(redis_url: str, seconds: float, **options: Any) -> Connections:
    """A pool in which an operation takes at most `seconds`."""
    pool = Connections.from_url(redis_url, socket_timeout=seconds, socket_connect_timeout=seconds, **options)
    pool.connection_class = type("Connection", (_Cancellable, pool.connection_class), {})
    return pool


class _Cancellable(AbstractConnection):
    """redis-py's `asyncio.wait_for` may lose a cancellation up to Python 3.11 (cpython issue 81839). Then a stopping worker
    would go on, and a released lease would be renewed without end."""

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
