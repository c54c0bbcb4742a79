"""The life of a subscription: its events, for as long as its caller may see them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final

import structlog
from graphql import ExecutionResult
from graphql.execution import create_source_event_stream

from models.errors import Refusal
from schema.kit.burst import Burst
from schema.kit.compiling import Completer
from schema.kit.encoding import encode
from schema.kit.executor import CompiledExecutor

log = structlog.get_logger("muster.api")

Check = Callable[[], Awaitable[None]]
"""Looks at the caller's permission again. Raises a Refusal when it is gone."""

Texts = Sequence[bytes]
"""Payloads, as JSON."""

MOST_MISSED: Final = 6
"""How many looks at the permission may fail (the database is away) before a subscription ends."""


async def texts_of(
    executor: CompiledExecutor,
    payload_of: Callable[[ExecutionResult], dict[str, Any]],
    check: Check,
    every_seconds: float,
) -> AsyncGenerator[Texts, None]:
    """The payloads of a subscription, as they come: those of one event, or of a burst of events.

    Raises what its resolver raises, and what `check` does.
    """
    source: Any = create_source_event_stream(executor)
    if asyncio.iscoroutine(source):
        source = await source
    if isinstance(source, ExecutionResult):
        assert source.errors
        raise source.errors[0]
    teller = _Teller(executor, payload_of)
    async with aclosing(_while_allowed(source, check, every_seconds)) as events:
        async for event in events:
            yield await teller.tell(event if isinstance(event, Burst) else Burst((event,)))


class _Teller:
    """Makes payloads of events: by the compiled plan where there is one, by the ordinary executor otherwise."""

    def __init__(self, executor: CompiledExecutor, payload_of: Callable[[ExecutionResult], dict[str, Any]]) -> None:
        self.executor = executor
        self.payload_of = payload_of
        self.key, self.completer = executor.root_completer()

    async def tell(self, burst: Burst) -> Texts:
        """The payloads of these events."""
        known = burst.texts.get(id(self.executor.plans))
        if known is not None:
            return known[1]
        try:
            if self.completer is not None:
                return await self._at_once(burst, self.completer)
        except Exception as error:  # noqa: BLE001 - the ordinary executor finds out what it is, and reports it
            log.debug("events are told one by one", error=type(error).__name__)
        return [encode(self.payload_of(await self._one(event))) for event in burst.events]

    async def _at_once(self, burst: Burst, completer: Completer) -> Texts:
        if completer.one is None:
            assert completer.many is not None
            return [self._text(value) for value in await completer.many(burst.events, self.executor)]
        texts = [self._text(completer.one(event)) for event in burst.events]
        if burst.shared:
            burst.texts[id(self.executor.plans)] = self.executor.plans, texts
        return texts

    def _text(self, value: Any) -> bytes:
        return encode({"data": {self.key: value}})

    async def _one(self, event: Any) -> ExecutionResult:
        result: Any = self.executor.build_per_event_executor(event).execute_operation(False)
        return await result if asyncio.iscoroutine(result) else result  # type: ignore[no-any-return]


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
