"""Statements of a transaction that PostgreSQL runs while Python goes on."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Any, Final

import asyncpg

from models.db.statements import execute
from models.db.transactions import turns_taken


class Pipeline:
    """Runs statements one after another in the ambient transaction, and nobody waits for them before the end of the block.

    async with db.Pipeline() as pipeline:
        await pipeline.execute(sql, *arguments)  # returns when it was sent, or waits behind others of the pipeline
        ...  # any other statement of the transaction waits for the one that runs, and overtakes those that wait
        await pipeline.execute_next(sql, *arguments)  # as any other statement, but nobody waits for its end
    """

    __slots__ = ("_next", "_running", "_turns", "_waiting")

    def __init__(self) -> None:
        self._turns = turns_taken(self.finish)
        self._waiting: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._next: list[asyncio.Task[int]] = []

    async def __aenter__(self) -> "Pipeline":
        self._turns.__enter__()
        return self

    async def execute(self, sql: str, *args: Any) -> None:
        """Raises what a statement before raised."""
        self._waiting.append((sql, args))
        if self._running is not None and self._running.done():
            await self._running
        self._begin()
        await asyncio.sleep(0)  # the task sends it, when it is its turn

    async def execute_next(self, sql: str, *args: Any) -> None:
        """A statement that those which are sent later come after. What it raises is raised later."""
        self._next.append(asyncio.create_task(execute(sql, *args)))
        await asyncio.sleep(0)  # it takes its place in the line

    async def finish(self) -> None:
        """Waits until all have ended. Raises what one of them raised."""
        self._begin()
        if self._running is not None:
            await self._running
        while self._next:
            await self._next[0]
            del self._next[0]

    def _begin(self) -> None:
        if self._running is None and self._waiting:
            self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._waiting:
            sql, args = self._waiting.popleft()
            await execute(sql, *args)
        self._running = None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self._end()
            else:
                await self._give_up(error)
        finally:
            self._turns.__exit__(None, None, None)

    async def _end(self) -> None:
        try:
            await self.finish()
        except BaseException as error:
            await self._give_up(error)
            raise

    async def _give_up(self, error: BaseException | None) -> None:
        """The connection must be free before the transaction is rolled back. Raises what made others fail."""
        tasks = [task for task in (self._running, *self._next) if task is not None]
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raised = [task.exception() for task in tasks if not task.cancelled()]
        if isinstance(error, _Followed):
            for cause in raised:
                if cause is not None and not isinstance(cause, _Followed):
                    raise cause from error


_Followed: Final = asyncpg.InFailedSQLTransactionError
"""Of a statement that came after one that failed."""
