"""From the events of a subscription to payloads."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable
from contextlib import aclosing
from typing import Any

import structlog
from graphql import ExecutionResult
from graphql.execution import create_source_event_stream

from schema.server.execution.compiling.completers import Completer
from schema.server.execution.encoding import encode
from schema.server.execution.executor import CompiledExecutor
from schema.server.subscriptions.event_batch import EventBatch, Payloads
from schema.server.subscriptions.permission import Check, while_permitted

log = structlog.get_logger("muster.api")


async def payloads_of(
    executor: CompiledExecutor,
    payload_of: Callable[[ExecutionResult], dict[str, Any]],
    check: Check,
    every_seconds: float,
) -> AsyncGenerator[Payloads, None]:
    """Raises what the resolver and `check` raise."""
    source: Any = create_source_event_stream(executor)
    if asyncio.iscoroutine(source):
        source = await source
    if isinstance(source, ExecutionResult):
        assert source.errors
        raise source.errors[0]
    writer = _PayloadWriter(executor, payload_of)
    async with aclosing(while_permitted(source, check, every_seconds)) as events:
        async for event in events:
            yield await writer.write(event if isinstance(event, EventBatch) else EventBatch((event,)))


class _PayloadWriter:
    def __init__(self, executor: CompiledExecutor, payload_of: Callable[[ExecutionResult], dict[str, Any]]) -> None:
        self.executor = executor
        self.payload_of = payload_of
        self.key, self.completer = executor.root_completer()
        self.variables = executor.variables_below_root()

    async def write(self, batch: EventBatch) -> Payloads:
        try:
            if self.completer is not None:
                return await self._write_compiled(batch, self.completer)
        except Exception as error:  # noqa: BLE001 - the ordinary executor meets the same error and reports it
            log.debug("events are executed one by one", error=type(error).__name__)
        return Payloads([encode(self.payload_of(await self._execute(event))) for event in batch.events], batch.resume)

    async def _write_compiled(self, batch: EventBatch, completer: Completer) -> Payloads:
        if not batch.shared:
            return await self._start(batch, completer)
        key = self._shared_key(completer)
        if key not in batch.payloads:
            batch.payloads[key] = self.executor.plans, self._start(batch, completer)
        payloads = batch.payloads[key][1]
        return payloads.result() if payloads.done() else await asyncio.shield(payloads)

    def _shared_key(self, completer: Completer) -> Hashable:
        plan = id(self.executor.plans)
        if completer.one is not None:
            return plan
        scope = self.executor.context_value.scope
        return plan, self.variables, None if scope is None else (scope.workspace_id, scope.principal.permissions)

    def _start(self, batch: EventBatch, completer: Completer) -> "asyncio.Future[Payloads]":
        """In a task where the database is needed: the first subscriber may leave."""
        if completer.one is None:
            payloads: asyncio.Future[Payloads] = asyncio.ensure_future(self._fetch(batch, completer))
            payloads.add_done_callback(_mark_exception_retrieved)
        else:
            payloads = asyncio.get_running_loop().create_future()
            payloads.set_result(self._payloads(batch, map(completer.one, batch.events)))
        return payloads

    async def _fetch(self, batch: EventBatch, completer: Completer) -> Payloads:
        assert completer.many is not None
        return self._payloads(batch, await completer.many(batch.events, self.executor))

    def _payloads(self, batch: EventBatch, values: Iterable[Any]) -> Payloads:
        return Payloads([encode({"data": {self.key: value}}) for value in values], batch.resume)

    async def _execute(self, event: Any) -> ExecutionResult:
        result: Any = self.executor.build_per_event_executor(event).execute_operation(False)
        return await result if asyncio.iscoroutine(result) else result  # type: ignore[no-any-return]


def _mark_exception_retrieved(payloads: "asyncio.Future[Payloads]") -> None:
    """All subscribers may have left; asyncio would log the exception."""
    if not payloads.cancelled():
        payloads.exception()
