"""Operations over a WebSocket, by the protocol graphql-transport-ws."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from models import db
from models.errors import LimitExceeded, Unauthenticated
from schema.server import metrics
from schema.server.cookies import Origins
from schema.server.execution.encoding import encode
from schema.server.formatted_errors import FormattedError, format_error
from schema.server.graphql_request import Answer, Caller, GraphQLRequest, OperationEnded
from schema.server.operations import Operations
from schema.server.subscriptions.event_batch import Payloads
from schema.server.time_limits import TimeLimit
from schema.server.transports import incoming, outgoing
from schema.server.transports.http_request import Headers
from schema.server.transports.incoming import Close
from schema.server.transports.outgoing import Outgoing
from schema.server.transports.wire import FRAMED, DeliveredPayloads

log = structlog.get_logger("muster.api")

PROTOCOL: Final = "graphql-transport-ws"

UNREAD: Final = (1001, 1008)
"""Close codes for a client that does not read. Its subscriptions first get the cursors to resume after."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """A ping without an answer closes the socket, and so does `idle_seconds` without a caller and without an operation."""

    init_seconds: float = 10.0
    ping_seconds: float = 20.0
    idle_seconds: float = 45.0
    send_seconds: float = 30.0
    operations: int = 100
    message_bytes: int = 1_048_576


TOO_SLOW: Final = Close(1008, "you read too slowly")

IDLE: Final = Close(1000, "nothing runs, and nobody is signed in")

TRY_LATER: Final = Close(1013, "the database does not answer: connect again in a moment")

TOKEN_ENDED: Final = Close(4403, "Forbidden: the bearer token has ended: connect again with a new one")
"""The npm package graphql-ws takes 4401 for final; after 4403 it asks for fresh connectionParams and connects again."""


@dataclass(slots=True, eq=False)
class SocketOperation:
    """`id_json` is the operation's id as JSON."""

    id_json: bytes
    caller: Caller
    delivered: DeliveredPayloads = field(default_factory=DeliveredPayloads)
    task: "asyncio.Task[None]" = field(init=False)


@dataclass(slots=True)
class Socket:
    """One WebSocket; each operation authenticates its caller again."""

    operations: Operations
    limits: SocketLimits
    origins: Origins
    caller: Caller
    headers: Headers
    receive: Any = None
    out: Outgoing = field(init=False)
    running: dict[str, SocketOperation] = field(default_factory=dict)
    is_ready: bool = False
    is_initialised: bool = False
    is_awaiting_pong: bool = False
    operation_count: int = 0
    busy_at: float = 0
    """When an operation was last running, by time.monotonic."""
    closing: "asyncio.Future[Close]" = field(init=False)

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        self.receive = receive
        self.out = Outgoing(send, TimeLimit(self.limits.send_seconds), FRAMED in (scope.get("extensions") or ()))
        self.closing = asyncio.get_running_loop().create_future()
        await receive()
        if not self._is_allowed_origin():
            await send({"type": "websocket.close", "code": 4403, "reason": "this origin is not allowed"})
            return
        offered = scope.get("subprotocols") or ()
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if PROTOCOL in offered else None})
        if PROTOCOL not in offered:
            await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
            return
        metrics.SOCKETS.inc()
        try:
            await self._serve_accepted()
        finally:
            metrics.SOCKETS.dec()

    async def _serve_accepted(self) -> None:
        watching = asyncio.ensure_future(self._watch())
        listening = asyncio.ensure_future(self._listen())
        try:
            ends: set[asyncio.Future[Any]] = {listening, watching, self.closing}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            close = self._reason_of(listening, watching)
        finally:
            unfinished = list(self.running.values())
            tasks = {listening, watching, *(operation.task for operation in unfinished)}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if close is not None:
            await self._close(close, unfinished)

    def _reason_of(self, *tasks: "asyncio.Future[None]") -> Close | None:
        """Returns why to close the socket; None when the client has disconnected."""
        if self.closing.done():
            return self.closing.result()
        for task in tasks:
            error = task.exception() if task.done() else None
            if isinstance(error, Close):
                return error
            if isinstance(error, TimeoutError):
                return TOO_SLOW
            if error is not None and db.logged_as_outage(error):
                return TRY_LATER
            if error is not None:
                log.error("a socket failed", error=type(error).__name__, request_id=self.caller.request_id)
                return Close(4500, "Internal server error")
        return None

    async def _close(self, close: Close, unfinished: Sequence[SocketOperation]) -> None:
        try:
            if close.code in UNREAD:
                log.info("a socket is not read", code=close.code, request_id=self.caller.request_id)
                await self._send_resume_cursors(unfinished)
            with self.out.limit.block():
                await self.out.send({"type": "websocket.close", "code": close.code, "reason": close.reason[:120]})
        except Exception as error:  # noqa: BLE001 - the connection is closed already
            log.debug("a socket was already closed", error=type(error).__name__)

    async def _send_resume_cursors(self, unfinished: Sequence[SocketOperation]) -> None:
        for operation in unfinished:
            slow_consumer = operation.delivered.slow_consumer()
            if slow_consumer is not None:
                errors = format_error(slow_consumer, operation.caller.request_id)
                await self.out.send_message(outgoing.error(operation.id_json, errors))

    def _is_allowed_origin(self) -> bool:
        origin = self.headers.origin
        return origin is None or self.origins.allows(origin, self.headers.host)

    def _end(self, close: Close) -> None:
        if not self.closing.done():
            self.closing.set_result(close)

    async def _watch(self) -> None:
        await asyncio.sleep(self.limits.init_seconds)
        if not self.is_ready:
            raise Close(4408, "Connection initialisation timeout")
        self.busy_at = time.monotonic()
        while True:
            if self._is_idle():
                raise IDLE
            self.is_awaiting_pong = True
            await self.out.send_message(outgoing.PING)
            await asyncio.sleep(self.limits.ping_seconds)
            if self.is_awaiting_pong:
                raise Close(1001, "nobody answers")

    def _is_idle(self) -> bool:
        """Whether nobody is signed in and nothing has run for a while."""
        if self.running or self.caller.bearer is not None:
            self.busy_at = time.monotonic()
        return time.monotonic() - self.busy_at >= self.limits.idle_seconds

    # ---------------------------------------------------------------- messages

    async def _listen(self) -> None:
        while True:
            message = await self.receive()
            if message["type"] == "websocket.disconnect":
                return
            self.is_awaiting_pong = False
            await self._handle(incoming.read(message, self.limits.message_bytes))

    async def _handle(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "connection_init":
            await self._initialise(message.get("payload"))
        elif kind == "ping":
            await self.out.send_message(outgoing.pong(message.get("payload")))
        elif kind == "subscribe":
            await self._subscribe(message)
        elif kind == "complete":
            operation = self.running.pop(str(message.get("id")), None)
            if operation is not None:
                operation.task.cancel()
        elif kind != "pong":
            raise Close(4400, f"unknown message type {str(kind)[:40]!r}")

    async def _initialise(self, payload: Any) -> None:
        if self.is_initialised:
            raise Close(4429, "Too many initialisation requests")
        self.is_initialised = True
        try:
            incoming.read_bearer(self.caller, payload)
            await self.operations.scope_of(self.caller)
        except Unauthenticated as error:
            raise Close(4403, f"Forbidden: {error}") from None
        self.is_ready = True
        await self.out.send_message(outgoing.ACKNOWLEDGED)

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if not self.is_ready:
            raise Close(4401, "Unauthorized")
        operation_id, request = incoming.read_subscribe(message)
        if operation_id in self.running:
            raise Close(4409, f"Subscriber for {operation_id[:80]} already exists")
        if len(self.running) >= self.limits.operations:
            await self._refuse(operation_id)
            return
        self.operation_count += 1
        caller = replace(self.caller, request_id=f"{self.caller.request_id}-{self.operation_count}")
        operation = self.running[operation_id] = SocketOperation(encode(operation_id), caller)
        operation.task = asyncio.ensure_future(self._operate(operation_id, operation, request))

    async def _refuse(self, operation_id: str) -> None:
        """Refuses one operation too many; the others go on."""
        most = self.limits.operations
        error = LimitExceeded(
            f"a socket carries {most} operations at most at the same time: end one, or open another socket"
        )
        await self.out.send_message(outgoing.error(encode(operation_id), format_error(error, self.caller.request_id)))

    # ---------------------------------------------------------------- operations

    async def _operate(self, operation_id: str, operation: SocketOperation, request: GraphQLRequest) -> None:
        try:
            await self._run(operation_id, operation, request)
        except TimeoutError:
            self._end(TOO_SLOW)  # and the operation stays in `running`, to get its cursor
            return
        except Exception as error:  # noqa: BLE001 - the socket is closed with a code, not by an exception
            log.debug("an operation could not be answered", error=type(error).__name__)
            self._end(Close(4500, "Internal server error"))
        self._forget(operation_id, operation)

    async def _run(self, operation_id: str, operation: SocketOperation, request: GraphQLRequest) -> None:
        result = await self.operations.subscribe(request, operation.caller)
        if isinstance(result, Answer):
            await self._answer(operation_id, operation, result)
            return
        try:
            async with aclosing(result) as batches:
                async for payloads in batches:
                    await self.out.send_payloads(operation.id_json, payloads, operation.delivered)
            await self._finish(operation_id, operation, outgoing.complete(operation.id_json))
        except OperationEnded as ended:
            await self._end_with(operation_id, operation, ended.errors)

    async def _end_with(self, operation_id: str, operation: SocketOperation, errors: list[FormattedError]) -> None:
        """When the token has ended the socket is closed and no operation gets an error: clients then start all of them again."""
        if errors[0]["extensions"]["code"] == "UNAUTHENTICATED" and operation.caller.bearer is not None:
            self._end(TOKEN_ENDED)
        else:
            await self._finish(operation_id, operation, outgoing.error(operation.id_json, errors))

    async def _answer(self, operation_id: str, operation: SocketOperation, answer: Answer) -> None:
        if "data" in answer.payload:
            await self.out.send_payloads(operation.id_json, Payloads([encode(answer.payload)]), operation.delivered)
            await self._finish(operation_id, operation, outgoing.complete(operation.id_json))
        else:
            await self._end_with(operation_id, operation, answer.payload["errors"])

    async def _finish(self, operation_id: str, operation: SocketOperation, last: bytes) -> None:
        """Free the id before the last message, after which the client may use it again."""
        self._forget(operation_id, operation)
        await self.out.send_message(last)

    def _forget(self, operation_id: str, operation: SocketOperation) -> None:
        if self.running.get(operation_id) is operation:
            del self.running[operation_id]
