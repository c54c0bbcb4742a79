"""Connections to one node, of which a statement takes an idle one or goes another way."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, Final

import asyncpg
import structlog

from models.db.outages import is_outage

log = structlog.get_logger(__name__)

RETRY_SECONDS: Final = 20.0
"""How long after a failed attempt nothing is tried again."""

CLOSE_SECONDS: Final = 10.0
"""How long `close` waits for statements that run."""

Open = Callable[[int], Awaitable[asyncpg.Connection]]
"""Takes the workspace that a connection is wanted for."""


class Connections:
    """At most `most` connections, made by `open_one` in the background, one after another, when there is no idle one.

    `some_workspace` is one that lies on the node, as far as is known.
    """

    def __init__(self, name: str, open_one: Open, most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._name, self._open_one, self._most, self._now = name, open_one, most, now
        self._idle: list[asyncpg.Connection] = []
        self._taken: set[asyncpg.Connection] = set()
        self._opening: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._next_attempt_at, self._is_reachable, self._is_closed = 0.0, True, False
        self._none_is_taken = asyncio.Event()
        self.used_at, self.some_workspace = now(), 0

    def take(self) -> asyncpg.Connection | None:
        """Returns an idle connection, or None at once."""
        self.used_at = self._now()
        while self._idle:
            connection = self._idle.pop()  # the one used last: the others rest, when few are needed
            if not connection.is_closed():
                self._taken.add(connection)
                return connection
        self._open_another()
        return None

    def takes_back(self, connection: Any, error: BaseException | None) -> bool:
        """Call it with the error that the statement ended with. Returns False when the connection is none of these."""
        if connection not in self._taken:
            return False
        self._taken.discard(connection)
        if self._is_closed or _spoils(error):
            self._in_background(self._end(connection))
        elif not connection.is_closed():
            self._idle.append(connection)
        if not self._taken:
            self._none_is_taken.set()
        return True

    def _open_another(self) -> None:
        if (
            self._opening is None
            and not self._is_closed
            and len(self._taken) < self._most
            and self._now() >= self._next_attempt_at
        ):
            self._opening = asyncio.get_running_loop().create_task(self._open(), context=Context())

    async def _open(self) -> None:
        try:
            self._idle.append(await self._open_one(self.some_workspace))
            self._is_reachable = True
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._next_attempt_at = self._now() + RETRY_SECONDS
            if self._is_reachable:
                log.warning(
                    "a node is not reached directly: its reads go over the coordinator",
                    node=self._name,
                    error=type(error).__name__,
                )
            self._is_reachable = False
        finally:
            self._opening = None

    def rest(self) -> None:
        """Closes the connections that are idle."""
        for connection in self._idle:
            self._in_background(self._end(connection))
        self._idle.clear()

    async def close(self) -> None:
        """Waits for statements that run, and then closes all connections."""
        self._is_closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        self.rest()
        await self._until_none_is_taken()
        if self._ending:
            await asyncio.wait(self._ending)

    async def _until_none_is_taken(self) -> None:
        self._none_is_taken.clear()
        with suppress(TimeoutError):
            if self._taken:
                await asyncio.wait_for(self._none_is_taken.wait(), CLOSE_SECONDS)
        for connection in self._taken:
            connection.terminate()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    @staticmethod
    async def _end(connection: asyncpg.Connection) -> None:
        """Also ends the statement that a cancelled task left running."""
        try:
            await connection.close(timeout=CLOSE_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()


def _spoils(error: BaseException | None) -> bool:
    """Whether the connection cannot serve another statement; of a statement that PostgreSQL refused nothing is left."""
    return error is not None and (not isinstance(error, asyncpg.PostgresError) or is_outage(error))
