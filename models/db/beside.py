"""Statements of a transaction of their own, which PostgreSQL runs while the ambient one goes on."""

import asyncio
import contextvars
from collections import deque
from types import TracebackType
from typing import Any, Final

from models.db.pool import has_free_connection
from models.db.statements import execute
from models.db.transactions import in_a_transaction, transaction

_LATE_FLUSH: Final = "SET LOCAL synchronous_commit = off"
"""The commit of the transaction beside it, which comes later, flushes both."""


class Beside:
    """Around a transaction: runs statements on a second connection. They are committed first, and stay when it is rolled back.

    async with db.Beside() as beside, db.transaction():
        await beside.execute(sql, *arguments)  # returns at once
        ...
        await beside.commit()  # waits for all of them
    """

    __slots__ = ("_ends", "_outside", "_running", "_waiting", "_woken")

    def __init__(self) -> None:
        self._outside: contextvars.Context | None = None
        self._waiting: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._ends = False

    async def __aenter__(self) -> "Beside":
        if not in_a_transaction():
            self._outside = contextvars.copy_context()
        return self

    @property
    def is_free(self) -> bool:
        """Whether it can run statements now: it has a connection, or there is one for it. Never inside another transaction."""
        return self._running is not None or (self._outside is not None and has_free_connection())

    async def execute(self, sql: str, *args: Any) -> None:
        """Raises what a statement before raised."""
        if self._running is None:
            self._running = asyncio.create_task(self._run(), context=self._outside)
        elif self._running.done():
            await self._running
        self._waiting.append((sql, args))
        self._woken.set()

    async def commit(self) -> None:
        """Raises what one of the statements raised."""
        if self._running is not None:
            self._ends = True
            self._woken.set()
            await self._running

    async def _run(self) -> None:
        async with transaction():
            await execute(_LATE_FLUSH)
            while self._waiting or not self._ends:
                if self._waiting:
                    sql, args = self._waiting.popleft()
                    await execute(sql, *args)
                else:
                    self._woken.clear()
                    await self._woken.wait()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """What is not committed is rolled back."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})
            if not self._running.cancelled():
                self._running.exception()  # the block ends by an error of its own, or has raised this one
