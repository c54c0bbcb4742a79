"""The life of a subscription: its events, for as long as its caller may see them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

import structlog
from graphql import ExecutionResult
from graphql.execution import create_source_event_stream

from models.errors import Refusal
from schema.kit.burst import Burst, Payloads
from schema.kit.compiling import Completer
from schema.kit.encoding import encode
from schema.kit.executor import CompiledExecutor

log = structlog.get_logger("muster.api")

Check = Callable[[], Awaitable[None]]
"""Looks at the caller's permission again. Raises a Refusal when it is gone."""

MOST_MISSED: Final = 6
"""How many looks at the permission may fail (the database is away) before a subscription ends."""


async def payloads_of(
    executor: CompiledExecutor,
    payload_of: Callable[[ExecutionResult], dict[str, Any]],
    check: Check,
    every_seconds: float,
) -> AsyncGenerator[Payloads, None]:
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

    async def tell(self, burst: Burst) -> Payloads:
        """The payloads of these events."""
        known = burst.payloads.get(id(self.executor.plans))
        if known is not None:
            return known[1]
        try:
            if self.completer is not None:
                return await self._at_once(burst, self.completer)
        except Exception as error:  # noqa: BLE001 - the ordinary executor finds out what it is, and reports it
            log.debug("events are told one by one", error=type(error).__name__)
        return Payloads([encode(self.payload_of(await self._one(event))) for event in burst.events], burst.resume)

    async def _at_once(self, burst: Burst, completer: Completer) -> Payloads:
        if completer.one is None:
            assert completer.many is not None
            values = await completer.many(burst.events, self.executor)
            return Payloads([self._text(value) for value in values], burst.resume)
        payloads = Payloads([self._text(completer.one(event)) for event in burst.events], burst.resume)
        if burst.shared:
            burst.payloads[id(self.executor.plans)] = self.executor.plans, payloads
        return payloads

    def _text(self, value: Any) -> bytes:
        return encode({"data": {self.key: value}})

    async def _one(self, event: Any) -> ExecutionResult:
        result: Any = self.executor.build_per_event_executor(event).execute_operation(False)
        return await result if asyncio.iscoroutine(result) else result  # type: ignore[no-any-return]


async def _while_allowed(source: Any, check: Check, every_seconds: float) -> AsyncGenerator[Any, None]:
    """Pass the events on, while a task beside checks every so often, also when nothing happens."""
    permission = _Permission(check, every_seconds)
    checking = asyncio.ensure_future(permission.keep_checking())
    try:
        while (event := await permission.hold_until(source)) is not _END:
            yield event
    finally:
        checking.cancel()
        await source.aclose()


_END: Final = object()


class _Permission:
    """Whether the events may still be passed on. When not, who waits for the next one is woken by a cancellation."""

    def __init__(self, check: Check, every_seconds: float) -> None:
        self.check = check
        self.every_seconds = every_seconds
        self.missed = 0
        self.waiting: asyncio.Task[Any] | None = None
        self.refusal: Exception | None = None

    async def hold_until(self, source: Any) -> Any:
        """The next event, or _END. Raises the refusal as soon as there is one."""
        self._raise_refusal()
        task = self.waiting = asyncio.current_task()
        assert task is not None
        try:
            return await anext(source, _END)
        except asyncio.CancelledError:
            if self._is_refused() and task.uncancel() == 0:  # it was us, and only us
                self._raise_refusal()
            raise
        finally:
            self.waiting = None

    def _is_refused(self) -> bool:
        return self.refusal is not None

    def _raise_refusal(self) -> None:
        if self.refusal is not None:
            raise self.refusal from None

    async def keep_checking(self) -> None:
        """Check every so often, until there is a refusal."""
        while self.refusal is None:
            await asyncio.sleep(self.every_seconds)
            self.refusal = await self._check()
        if self.waiting is not None:
            self.waiting.cancel()

    async def _check(self) -> Exception | None:
        try:
            await self.check()
            self.missed = 0
        except Refusal as refusal:
            return refusal
        except Exception as error:  # noqa: BLE001 - a restart of the database ends no subscription
            self.missed += 1
            log.warning("a subscription's permission could not be looked at", error=type(error).__name__)
            return error if self.missed >= MOST_MISSED else None
        return None
