"""Subscriptions (and anything else) over a WebSocket, by the protocol graphql-transport-ws."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from models.errors import Unauthenticated
from schema.server import metrics
from schema.server.execution.encoding import encode
from schema.server.formatted_errors import format_error
from schema.server.graphql_request import Answer, Caller, GraphQLRequest, OperationEnded
from schema.server.operations import Operations
from schema.server.subscriptions.event_batch import Payloads
from schema.server.transports import incoming, outgoing
from schema.server.transports.incoming import Close
from schema.server.transports.outgoing import Outgoing
from schema.server.transports.request import Headers
from schema.server.transports.wire import FRAMED, DeliveredPayloads

log = structlog.get_logger("muster.api")

PROTOCOL: Final = "graphql-transport-ws"

UNREAD: Final = (1001, 1008)
"""Closed with these codes, the client has not read all that it was given: its subscriptions are told where to go on."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """Bounds of one socket. Silence of `ping_seconds` is broken by a ping; one that stays unanswered ends the socket."""

    init_seconds: float = 10.0
    ping_seconds: float = 20.0
    send_seconds: float = 30.0
    operations: int = 100
    message_bytes: int = 1_048_576


TOO_SLOW: Final = Close(1008, "you read too slowly")


@dataclass(slots=True, eq=False)
class Running:
    """One operation of a socket. `identity` is its id, as JSON."""

    identity: bytes
    caller: Caller
    standing: DeliveredPayloads = field(default_factory=DeliveredPayloads)
    task: "asyncio.Task[None]" = field(init=False)


@dataclass(slots=True)
class Socket:
    """One WebSocket. Each of its operations has its own context, and its caller is looked up anew."""

    operations: Operations
    limits: SocketLimits
    allowed_origins: Sequence[str]
    caller: Caller
    headers: Headers
    receive: Any = None
    out: Outgoing = field(init=False)
    running: dict[str, Running] = field(default_factory=dict)
    is_ready: bool = False
    is_initialised: bool = False
    is_awaited: bool = False
    """Whether a ping of ours is still unanswered."""
    counted: int = 0
    closing: "asyncio.Future[Close]" = field(init=False)

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket to its end."""
        self.receive = receive
        self.out = Outgoing(send, self.limits.send_seconds, FRAMED in (scope.get("extensions") or ()))
        self.closing = asyncio.get_running_loop().create_future()
        await receive()
        if not self._is_allowed_origin(scope):
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
            close = self._why(listening, watching)
        finally:
            unended = list(self.running.values())
            tasks = {listening, watching, *(running.task for running in unended)}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if close is not None:
            await self._close(close, unended)

    def _why(self, *tasks: "asyncio.Future[None]") -> Close | None:
        """Why the socket ends; None when the client has gone."""
        if self.closing.done():
            return self.closing.result()
        for task in tasks:
            error = task.exception() if task.done() else None
            if isinstance(error, Close):
                return error
            if isinstance(error, TimeoutError):
                return TOO_SLOW
            if error is not None:
                log.error("a socket failed", error=type(error).__name__, request_id=self.caller.request_id)
                return Close(4500, "Internal server error")
        return None

    async def _close(self, close: Close, unended: Sequence[Running]) -> None:
        try:
            if close.code in UNREAD:
                log.info("a socket is not read", code=close.code, request_id=self.caller.request_id)
                await self._tell_where_to_go_on(unended)
            async with asyncio.timeout(self.limits.send_seconds):
                await self.out.send({"type": "websocket.close", "code": close.code, "reason": close.reason[:120]})
        except Exception as error:  # noqa: BLE001 - it is closed already
            log.debug("a socket was gone before it was closed", error=type(error).__name__)

    async def _tell_where_to_go_on(self, unended: Sequence[Running]) -> None:
        for running in unended:
            refusal = running.standing.refusal()
            if refusal is not None:
                await self.out.tell(outgoing.error(running.identity, format_error(refusal, running.caller.request_id)))

    def _is_allowed_origin(self, scope: Any) -> bool:
        origin = self.headers.origin
        if origin is None or "*" in self.allowed_origins or origin in self.allowed_origins:
            return True
        del scope
        return urlsplit(origin).netloc == self.headers.host

    def _end(self, close: Close) -> None:
        if not self.closing.done():
            self.closing.set_result(close)

    async def _watch(self) -> None:
        """See that the connection is initialised in time, and that the client stays alive."""
        await asyncio.sleep(self.limits.init_seconds)
        if not self.is_ready:
            raise Close(4408, "Connection initialisation timeout")
        while True:
            self.is_awaited = True
            await self.out.tell(outgoing.PING)
            await asyncio.sleep(self.limits.ping_seconds)
            if self.is_awaited:
                raise Close(1001, "nobody answers")

    # ---------------------------------------------------------------- what comes in

    async def _listen(self) -> None:
        while True:
            message = await self.receive()
            if message["type"] == "websocket.disconnect":
                return
            self.is_awaited = False
            await self._take(incoming.read(message, self.limits.message_bytes))

    async def _take(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "connection_init":
            await self._initialise(message.get("payload"))
        elif kind == "ping":
            await self.out.tell(outgoing.pong(message.get("payload")))
        elif kind == "subscribe":
            await self._subscribe(message)
        elif kind == "complete":
            running = self.running.pop(str(message.get("id")), None)
            if running is not None:
                running.task.cancel()
        elif kind != "pong":
            raise Close(4400, f"unknown message type {str(kind)[:40]!r}")

    async def _initialise(self, payload: Any) -> None:
        if self.is_initialised:
            raise Close(4429, "Too many initialisation requests")
        self.is_initialised = True
        try:
            incoming.take_bearer(self.caller, payload)
            await self.operations.scope_of(self.caller)
        except Unauthenticated as error:
            raise Close(4403, f"Forbidden: {error}") from None
        self.is_ready = True
        await self.out.tell(outgoing.ACKNOWLEDGED)

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if not self.is_ready:
            raise Close(4401, "Unauthorized")
        number, asked = incoming.asked_for(message)
        if number in self.running:
            raise Close(4409, f"Subscriber for {number[:80]} already exists")
        if len(self.running) >= self.limits.operations:
            raise Close(4400, f"a socket carries {self.limits.operations} operations at most at the same time")
        self.counted += 1
        caller = replace(self.caller, request_id=f"{self.caller.request_id}-{self.counted}")
        running = self.running[number] = Running(encode(number), caller)
        running.task = asyncio.ensure_future(self._operate(number, running, asked))

    # ---------------------------------------------------------------- an operation

    async def _operate(self, number: str, running: Running, asked: GraphQLRequest) -> None:
        try:
            await self._run(number, running, asked)
        except TimeoutError:
            self._end(TOO_SLOW)  # and it is still to be told where to go on
            return
        except Exception as error:  # noqa: BLE001 - one operation does not take the socket along, unless it is gone
            log.debug("an operation could not be answered", error=type(error).__name__)
            self._end(Close(4500, "Internal server error"))
        self._forget(number, running)

    async def _run(self, number: str, running: Running, asked: GraphQLRequest) -> None:
        started = await self.operations.subscribe(asked, running.caller)
        if isinstance(started, Answer):
            await self._answer(number, running, started)
            return
        try:
            async with aclosing(started) as batches:
                async for payloads in batches:
                    await self.out.pass_on(running.identity, payloads, running.standing)
            await self._finish(number, running, outgoing.complete(running.identity))
        except OperationEnded as ended:
            await self._finish(number, running, outgoing.error(running.identity, ended.errors))
            if ended.code == "UNAUTHENTICATED" and running.caller.bearer is not None:
                self._end(Close(4401, "Unauthorized: the bearer token is not good any longer"))

    async def _answer(self, number: str, running: Running, answer: Answer) -> None:
        if "data" in answer.payload:
            await self.out.pass_on(running.identity, Payloads([encode(answer.payload)]), running.standing)
            await self._finish(number, running, outgoing.complete(running.identity))
        else:
            await self._finish(number, running, outgoing.error(running.identity, answer.payload["errors"]))

    async def _finish(self, number: str, running: Running, last: bytes) -> None:
        """The id is free again before the client hears of the end."""
        self._forget(number, running)
        await self.out.tell(last)

    def _forget(self, number: str, running: Running) -> None:
        if self.running.get(number) is running:
            del self.running[number]
