"""The life of a subscription: its events, for as long as its caller may see them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

import structlog
from graphql import ExecutionResult
from graphql.execution import create_source_event_stream

from models.errors import Refusal
from schema.kit.executor import CompiledExecutor
from schema.kit.refusals import Rejected

log = structlog.get_logger("muster.api")

Check = Callable[[], Awaitable[None]]
"""Looks at the caller's permission again. Raises a Refusal when it is gone."""

MOST_MISSED: Final = 6
"""How many looks at the permission may fail (the database is away) before a subscription ends."""


async def events_of(
    executor: CompiledExecutor, check: Check, every_seconds: float
) -> AsyncGenerator[ExecutionResult, None]:
    """The results of a subscription, one for each event. Raises what its resolver raises, and what `check` does."""
    source: Any = create_source_event_stream(executor)
    if asyncio.iscoroutine(source):
        source = await source
    if isinstance(source, ExecutionResult):
        raise Rejected(source.errors or ())
    async with aclosing(_while_allowed(source, check, every_seconds)) as events:
        async for event in events:
            result: Any = executor.build_per_event_executor(event).execute_operation(False)
            if asyncio.iscoroutine(result):
                result = await result
            yield result


async def _while_allowed(source: Any, check: Check, every_seconds: float) -> AsyncGenerator[Any, None]:
    """Pass the events on, and check every so often, also when nothing happens."""
    permission = _Permission(check, every_seconds)
    try:
        while True:
            upcoming = asyncio.ensure_future(anext(source))
            try:
                await permission.hold_until(upcoming)
            finally:
                await _cancelled(upcoming)
            try:
                event = upcoming.result()
            except StopAsyncIteration:
                return
            yield event
    finally:
        await source.aclose()


async def _cancelled(upcoming: "asyncio.Future[Any]") -> None:
    if not upcoming.done():
        upcoming.cancel()
        await asyncio.wait({upcoming})


class _Permission:
    def __init__(self, check: Check, every_seconds: float) -> None:
        self.check = check
        self.every_seconds = every_seconds
        self.missed = 0
        self.due_at = asyncio.get_running_loop().time() + every_seconds

    async def hold_until(self, upcoming: "asyncio.Future[Any]") -> None:
        """Wait for the next event, checking whenever that is due."""
        clock = asyncio.get_running_loop().time
        while not upcoming.done():
            await asyncio.wait({upcoming}, timeout=max(0.0, self.due_at - clock()))
            if clock() >= self.due_at:
                await self._check()
                self.due_at = clock() + self.every_seconds

    async def _check(self) -> None:
        try:
            await self.check()
            self.missed = 0
        except Refusal:
            raise
        except Exception as error:
            self.missed += 1
            log.warning("a subscription's permission could not be looked at", error=type(error).__name__)
            if self.missed >= MOST_MISSED:
                raise
