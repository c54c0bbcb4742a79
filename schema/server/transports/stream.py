"""One stream of server-sent events."""

import asyncio
import math
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from schema.server.execution.encoding import encode
from schema.server.formatted_errors import FormattedError, format_error
from schema.server.graphql_request import Answer, Caller, OperationEnded
from schema.server.subscriptions.event_batch import Payloads
from schema.server.time_limits import TimeLimit
from schema.server.transports.wire import DeliveredPayloads, event, events

COMMENT: Final = b":\n\n"


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """After `keep_alive_seconds` a comment keeps proxies connected.

    A reserved stream waits `reserved_seconds` for its listener. A stream without a caller ends after `idle_seconds` without an
    operation.
    """

    keep_alive_seconds: float = 12.0
    send_seconds: float = 30.0
    reserved_seconds: float = 10.0
    idle_seconds: float = 45.0
    operations: int = 100
    waiting_per_address: int = 20


@dataclass(slots=True, eq=False)
class StreamOperation:
    """`id_json` is None when the stream carries only one operation."""

    id_json: bytes | None
    caller: Caller
    delivered: DeliveredPayloads = field(default_factory=DeliveredPayloads)
    task: "asyncio.Task[None]" = field(init=False)


@dataclass(slots=True, eq=False)
class Stream:
    """When the client reads nothing for `send_seconds` the stream ends with the cursors to resume after."""

    limits: StreamLimits
    send: Any = None
    operations: dict[bytes | None, StreamOperation] = field(default_factory=dict)
    is_open: bool = False
    is_unread: bool = False
    may_be_idle: bool = True
    busy_at: float = math.inf
    """When an operation was last running, by the loop's time."""
    written_at: float = -math.inf
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    limit: TimeLimit = field(init=False)

    def __post_init__(self) -> None:
        self.limit = TimeLimit(self.limits.send_seconds)

    # ---------------------------------------------------------------- its operations

    def start(self, operation: StreamOperation, work: Coroutine[Any, Any, None]) -> None:
        self.operations[operation.id_json] = operation
        operation.task = asyncio.ensure_future(work)
        operation.task.add_done_callback(lambda _: self._forget(operation))

    def _forget(self, operation: StreamOperation) -> None:
        if not self.is_unread:  # an unread stream still sends the operation's cursor
            self.operations.pop(operation.id_json, None)

    async def send_all(self, operation: StreamOperation, result: Answer | AsyncGenerator[Payloads, None]) -> None:
        """When the server ends the operation, the last event holds the errors."""
        try:
            await self._send_result(operation, result)
            await self._write(_complete(operation))
            operation.delivered = DeliveredPayloads()
        except TimeoutError:
            self.is_unread = True
            self.ended.set()

    async def _send_result(self, operation: StreamOperation, result: Answer | AsyncGenerator[Payloads, None]) -> None:
        if isinstance(result, Answer):
            await self._send_payloads(operation, Payloads([encode(result.payload)]))
            return
        try:
            async with aclosing(result) as batches:
                async for payloads in batches:
                    await self._send_payloads(operation, payloads)
        except OperationEnded as ended:
            await self._write(_errors(operation, ended.errors))

    async def _send_payloads(self, operation: StreamOperation, payloads: Payloads) -> None:
        operation.delivered.start(payloads)
        for chunk, upto in events(payloads, operation.id_json):
            await self._write(chunk)
            operation.delivered.count = upto

    async def _write(self, chunk: bytes) -> None:
        await self.opened.wait()
        async with self.sending:
            with self.limit.block():
                await self.send({"type": "http.response.body", "body": chunk, "more_body": True})
        self.written_at = asyncio.get_running_loop().time()

    def stop(self) -> None:
        for operation in self.operations.values():
            operation.task.cancel()

    # ---------------------------------------------------------------- its client

    async def serve(self, send: Any, disconnected: "asyncio.Future[None]") -> None:
        """Sends events until the stream ends; the response must be started."""
        self.send = send
        self.opened.set()
        try:
            await self._keep_alive(disconnected)
        except TimeoutError:
            self.is_unread = True
        finally:
            await self._stop_and_wait()
        await self._end()

    async def _keep_alive(self, disconnected: "asyncio.Future[None]") -> None:
        ended = asyncio.ensure_future(self.ended.wait())
        ends: set[asyncio.Future[Any]] = {disconnected, ended}
        loop = asyncio.get_running_loop()
        self.busy_at = loop.time()
        try:
            while not (disconnected.done() or ended.done() or self._is_idle(loop.time())):
                comment_at = self.written_at + self.limits.keep_alive_seconds
                if comment_at <= loop.time():
                    await self._write(COMMENT)
                else:
                    await asyncio.wait(ends, timeout=comment_at - loop.time(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()

    def _is_idle(self, now: float) -> bool:
        if self.operations or self.may_be_idle:
            self.busy_at = now
        return now - self.busy_at >= self.limits.idle_seconds

    async def _stop_and_wait(self) -> None:
        tasks = [operation.task for operation in self.operations.values()]
        self.stop()
        if tasks:
            await asyncio.wait(tasks)

    async def _end(self) -> None:
        with suppress(TimeoutError):  # the client does not read this either
            if self.is_unread:
                await self._send_resume_cursors()
            with self.limit.block():
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_resume_cursors(self) -> None:
        for operation in self.operations.values():
            error = operation.delivered.slow_consumer()
            if error is not None:
                errors = format_error(error, operation.caller.request_id)
                await self._write(_errors(operation, errors) + _complete(operation))


def _errors(operation: StreamOperation, errors: list[FormattedError]) -> bytes:
    return b"".join(chunk for chunk, _ in events(Payloads([encode({"errors": errors})]), operation.id_json))


def _complete(operation: StreamOperation) -> bytes:
    return event(b"complete", b"" if operation.id_json is None else b'{"id":' + operation.id_json + b"}")
