"""The life of a subscription: its events, for as long as its caller may see them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable
from contextlib import aclosing
from typing import Any, Final

import structlog
from graphql import ExecutionResult
from graphql.execution import create_source_event_stream

from models.errors import Refusal
from schema.server.execution.compiling.completers import Completer
from schema.server.execution.encoding import encode
from schema.server.execution.executor import CompiledExecutor
from schema.server.subscriptions.event_batch import EventBatch, Payloads

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
    """The payloads of a subscription, as they come: those of one event, or of a batch of events.

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
            yield await teller.tell(event if isinstance(event, EventBatch) else EventBatch((event,)))


class _Teller:
    """Makes payloads of events: by the compiled plan where there is one, by the ordinary executor otherwise."""

    def __init__(self, executor: CompiledExecutor, payload_of: Callable[[ExecutionResult], dict[str, Any]]) -> None:
        self.executor = executor
        self.payload_of = payload_of
        self.key, self.completer = executor.root_completer()
        self.variables = executor.variables_below_root()

    async def tell(self, batch: EventBatch) -> Payloads:
        """The payloads of these events."""
        try:
            if self.completer is not None:
                return await self._at_once(batch, self.completer)
        except Exception as error:  # noqa: BLE001 - the ordinary executor finds out what it is, and reports it
            log.debug("events are told one by one", error=type(error).__name__)
        return Payloads([encode(self.payload_of(await self._one(event))) for event in batch.events], batch.resume)

    async def _at_once(self, batch: EventBatch, completer: Completer) -> Payloads:
        if not batch.shared:
            return await self._make(batch, completer)
        asked = self._asked(completer)
        if asked not in batch.payloads:
            batch.payloads[asked] = self.executor.plans, self._make(batch, completer)
        making = batch.payloads[asked][1]
        return making.result() if making.done() else await asyncio.shield(making)

    def _asked(self, completer: Completer) -> Hashable:
        """What tells those apart who are told different things of the same event."""
        plan = id(self.executor.plans)
        if completer.one is not None:
            return plan
        scope = self.executor.context_value.scope
        return plan, self.variables, None if scope is None else (scope.workspace_id, scope.principal.permissions)

    def _make(self, batch: EventBatch, completer: Completer) -> "asyncio.Future[Payloads]":
        """At once, unless the database is needed; then for all who will want it, though the first of them goes."""
        if completer.one is None:
            making: asyncio.Future[Payloads] = asyncio.ensure_future(self._fetch(batch, completer))
            making.add_done_callback(_take_note)
        else:
            making = asyncio.get_running_loop().create_future()
            making.set_result(self._payloads(batch, map(completer.one, batch.events)))
        return making

    async def _fetch(self, batch: EventBatch, completer: Completer) -> Payloads:
        assert completer.many is not None
        return self._payloads(batch, await completer.many(batch.events, self.executor))

    def _payloads(self, batch: EventBatch, values: Iterable[Any]) -> Payloads:
        return Payloads([self._text(value) for value in values], batch.resume)

    def _text(self, value: Any) -> bytes:
        return encode({"data": {self.key: value}})

    async def _one(self, event: Any) -> ExecutionResult:
        result: Any = self.executor.build_per_event_executor(event).execute_operation(False)
        return await result if asyncio.iscoroutine(result) else result  # type: ignore[no-any-return]


def _take_note(making: "asyncio.Future[Payloads]") -> None:
    """Whoever waited was told of the exception; perhaps nobody did."""
    if not making.cancelled():
        making.exception()


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
