"""Server-sent events, by the protocol of the npm package graphql-sse.

Distinct connections: one operation per request. Single connection: PUT reserves a stream, GET listens to it, POST starts
operations and DELETE stops them. These requests must reach the process that holds the stream.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from schema.server.execution.encoding import encode
from schema.server.formatted_errors import format_error
from schema.server.graphql_request import Answer, Caller, GraphQLRequest, refused
from schema.server.operations import Operations
from schema.server.refusals import BadRequest
from schema.server.transports import http_request
from schema.server.transports.http_request import NOSNIFF, Headers
from schema.server.transports.reservations import Reservations
from schema.server.transports.stream import Stream, StreamLimits, StreamOperation

log = structlog.get_logger("muster.api")

_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
    NOSNIFF,
)


@dataclass(slots=True)
class EventStreams:
    operations: Operations
    limits: StreamLimits = field(default_factory=StreamLimits)
    reservations: Reservations = field(init=False)
    open: "set[asyncio.Future[None]]" = field(default_factory=set)
    """Cancelling one of these ends its stream."""

    def __post_init__(self) -> None:
        self.reservations = Reservations(self.limits)

    def end_all(self) -> None:
        for ending in self.open:
            ending.cancel()

    # ---------------------------------------------------------------- distinct connections

    async def serve_one(
        self, receive: Any, send: Any, caller: Caller, request: GraphQLRequest, writes: bool = True
    ) -> None:
        result = await self.operations.subscribe(request, caller, writes=writes)
        if isinstance(result, Answer) and result.status in (401, 503):
            await _send_json(send, result, caller)
            return
        stream, operation = Stream(self.limits), StreamOperation(None, caller)
        stream.start(operation, stream.send_all(operation, result))
        operation.task.add_done_callback(lambda _: stream.ended.set())
        await self._send(receive, send, caller, stream)

    async def _send(self, receive: Any, send: Any, caller: Caller, stream: Stream) -> None:
        headers = [*_HEADERS, (b"x-request-id", caller.request_id.encode())]
        disconnected = asyncio.ensure_future(_disconnect(receive))
        self.open.add(disconnected)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await stream.serve(send, disconnected)
            if stream.is_unread:
                log.info("an event stream is not read", request_id=caller.request_id)
        finally:
            self.open.discard(disconnected)
            disconnected.cancel()
            stream.stop()

    # ---------------------------------------------------------------- the single connection

    async def reserve_or_stop(self, scope: Any, receive: Any, send: Any, headers: Headers, caller: Caller) -> None:
        del receive
        try:
            if scope["method"] == "PUT":
                await self._reserve(send, caller)
                return
            params = http_request.params_of_url(scope)
            stream = self._stream(headers.stream_token or params.get("token"))
            operation = stream.operations.get(encode(str(params.get("operationId"))))
            if operation is not None:
                operation.task.cancel()
            await _send_text(send, 200, b"", caller)
        except Exception as error:  # noqa: BLE001 - each error has a form that callers may see
            await _send_json(send, refused(format_error(error, caller.request_id)), caller)

    async def _reserve(self, send: Any, caller: Caller) -> None:
        """Refuses what is too much before it looks up the caller."""
        self.reservations.check_room(caller.address)
        await self.operations.scope_of(caller)
        token = self.reservations.reserve(caller.address)
        await _send_text(send, 201, token.encode(), caller)

    def _stream(self, token: str | None) -> Stream:
        stream = self.reservations.find(token)
        if stream is None:
            raise BadRequest("there is no stream with this token: reserve one by PUT")
        return stream

    async def listen(self, receive: Any, send: Any, caller: Caller, token: str) -> None:
        stream = self._stream(token)
        if stream.is_open:
            await _send_text(send, 409, b"somebody listens to this stream already", caller)
            return
        stream.is_open, stream.may_be_idle = True, caller.bearer is not None
        self.reservations.listen(token)
        try:
            await self._send(receive, send, caller, stream)
        finally:
            self.reservations.drop(token)

    async def operate(
        self, send: Any, headers: Headers, caller: Caller, request: GraphQLRequest, params: Mapping[str, Any]
    ) -> None:
        """Starts an operation of a reserved stream. Raises BadRequest for a wrong id or too many operations."""
        stream = self._stream(headers.stream_token)
        operation_id = (params.get("extensions") or {}).get("operationId")
        if not isinstance(operation_id, str) or not operation_id:
            raise BadRequest("`extensions.operationId` must be there: a text, your own name for the operation")
        operation = StreamOperation(encode(operation_id), caller)
        if operation.id_json in stream.operations:
            await _send_text(send, 409, b"an operation of this stream has this id already", caller)
            return
        if len(stream.operations) >= self.limits.operations:
            raise BadRequest(f"a stream carries {self.limits.operations} operations at most at the same time")
        stream.start(operation, self._run(stream, operation, request))
        await _send_text(send, 202, b"", caller)

    async def _run(self, stream: Stream, operation: StreamOperation, request: GraphQLRequest) -> None:
        await stream.send_all(operation, await self.operations.subscribe(request, operation.caller))


async def _disconnect(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_text(send: Any, status: int, body: bytes, caller: Caller) -> None:
    await _send_plain(send, status, body, b"text/plain; charset=utf-8", caller)


async def _send_json(send: Any, answer: Answer, caller: Caller) -> None:
    kind = b"application/json; charset=utf-8"
    await _send_plain(send, answer.status, encode(answer.payload), kind, caller, answer.retry_header)


async def _send_plain(
    send: Any, status: int, body: bytes, kind: bytes, caller: Caller, more: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    headers = [
        *more,
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", caller.request_id.encode()),
        NOSNIFF,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
