"""Statements of a transaction, while what they do not need goes on in Python."""

import asyncio
from types import TracebackType
from typing import Any

from models.db.statements import execute
from models.db.transactions import in_a_transaction


class Pipeline:
    """Runs one statement at a time in the ambient transaction; the caller prepares the next one meanwhile.

    async with db.Pipeline() as pipeline:
        await pipeline.execute(sql, *arguments)  # returns when the statement before has ended, and this one was sent
        ...  # no other statement of this transaction before the end of the block, or `finish`
    """

    __slots__ = ("_running",)

    def __init__(self) -> None:
        self._running: asyncio.Task[int] | None = None

    async def __aenter__(self) -> "Pipeline":
        assert in_a_transaction(), "statements of a pipeline lie in a transaction"
        return self

    async def execute(self, sql: str, *args: Any) -> None:
        """Raises what the statement before raised."""
        await self.finish()
        self._running = asyncio.create_task(execute(sql, *args))
        await asyncio.sleep(0)  # the task sends it

    async def finish(self) -> int | None:
        """Waits for the last statement, and returns how many rows it touched."""
        running, self._running = self._running, None
        return None if running is None else await running

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if kind is None:
            await self.finish()
        elif self._running is not None:
            # The connection must be free before the transaction is rolled back.
            self._running.cancel()
            await asyncio.wait({self._running})
