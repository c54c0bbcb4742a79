"""Server-sent events, as the protocol of the npm package graphql-sse has them.

Distinct connections: one operation for each request. Single connection: a stream is reserved by PUT, listened to by GET, and
operations are started by POST and stopped by DELETE, all with the stream's token. A stream lives in the process that reserved
it: behind a balancer, its requests must come to the same process (or clients use distinct connections).
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from models.errors import Refusal
from schema.server.execution.encoding import encode
from schema.server.formatted_errors import format_error
from schema.server.graphql_request import Answer, Caller, GraphQLRequest, refused
from schema.server.operations import Operations
from schema.server.refusals import BadRequest
from schema.server.transports import request
from schema.server.transports.request import Headers
from schema.server.transports.stream import Feeding, Stream, StreamLimits

log = structlog.get_logger("muster.api")

MOST_STREAMS: Final = 5_000

_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


@dataclass(slots=True)
class EventStreams:
    """All the event streams of this process."""

    operations: Operations
    limits: StreamLimits = field(default_factory=StreamLimits)
    reserved: dict[str, Stream] = field(default_factory=dict)
    open: "set[asyncio.Future[None]]" = field(default_factory=set)
    """For each stream that is being sent, what ends it."""

    def end_all(self) -> None:
        """End every stream, because the server is to stop. Clients come again, to another process or after the restart."""
        for ending in self.open:
            ending.cancel()

    # ---------------------------------------------------------------- distinct connections

    async def serve_one(
        self, receive: Any, send: Any, caller: Caller, asked: GraphQLRequest, writes: bool = True
    ) -> None:
        """Run one operation and send what it answers as events, to the end or until the client goes."""
        started = await self.operations.subscribe(asked, caller, writes=writes)
        if isinstance(started, Answer) and started.status == 401:
            await _send_json(send, 401, started.payload, caller)
            return
        stream, feeding = Stream(self.limits), Feeding(None, caller)
        stream.start(feeding, stream.feed(feeding, started))
        feeding.task.add_done_callback(lambda _: stream.ended.set())
        await self._send(receive, send, caller, stream)

    async def _send(self, receive: Any, send: Any, caller: Caller, stream: Stream) -> None:
        """Send what is written to the stream until it has ended, the client has gone, or the server is to stop."""
        headers = [*_HEADERS, (b"x-request-id", caller.request_id.encode())]
        gone = asyncio.ensure_future(_gone(receive))
        self.open.add(gone)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await stream.serve(send, gone)
            if stream.is_unread:
                log.info("an event stream is not read", request_id=caller.request_id)
        finally:
            self.open.discard(gone)
            gone.cancel()
            stream.stop()

    # ---------------------------------------------------------------- the single connection

    async def reserve_or_stop(self, scope: Any, receive: Any, send: Any, headers: Headers, caller: Caller) -> None:
        """PUT reserves a stream and answers its token; DELETE stops one of its operations."""
        del receive
        try:
            if scope["method"] == "PUT":
                await self._reserve(send, caller)
                return
            params = request.params_of_url(scope)
            stream = self._stream(headers.stream_token or params.get("token"))
            feeding = stream.feedings.get(encode(str(params.get("operationId"))))
            if feeding is not None:
                feeding.task.cancel()
            await _send_text(send, 200, b"", caller)
        except Refusal as error:
            answer = refused(format_error(error, caller.request_id))
            await _send_json(send, answer.status, answer.payload, caller)

    async def _reserve(self, send: Any, caller: Caller) -> None:
        await self.operations.scope_of(caller)
        if len(self.reserved) >= MOST_STREAMS:
            raise BadRequest(f"this server keeps {MOST_STREAMS} streams at most: use distinct connections")
        token = secrets.token_urlsafe(24)
        self.reserved[token] = Stream(self.limits)
        asyncio.get_running_loop().call_later(self.limits.reserved_seconds, self._drop_unless_open, token)
        await _send_text(send, 201, token.encode(), caller)

    def _drop_unless_open(self, token: str) -> None:
        stream = self.reserved.get(token)
        if stream is not None and not stream.is_open:
            self._drop(token)

    def _drop(self, token: str) -> None:
        stream = self.reserved.pop(token, None)
        if stream is not None:
            stream.stop()

    def _stream(self, token: str | None) -> Stream:
        stream = self.reserved.get(token or "")
        if stream is None:
            raise BadRequest("there is no stream with this token: reserve one by PUT")
        return stream

    async def listen(self, receive: Any, send: Any, caller: Caller, token: str) -> None:
        """Send the events of a reserved stream until the client goes."""
        stream = self._stream(token)
        if stream.is_open:
            await _send_text(send, 409, b"somebody listens to this stream already", caller)
            return
        stream.is_open = True
        try:
            await self._send(receive, send, caller, stream)
        finally:
            self._drop(token)

    async def operate(
        self, send: Any, headers: Headers, caller: Caller, asked: GraphQLRequest, params: Mapping[str, Any]
    ) -> None:
        """Start an operation on a reserved stream. Raises BadRequest."""
        stream = self._stream(headers.stream_token)
        number = (params.get("extensions") or {}).get("operationId")
        if not isinstance(number, str) or not number:
            raise BadRequest("`extensions.operationId` must be there: a text, your own name for the operation")
        feeding = Feeding(encode(number), caller)
        if feeding.identity in stream.feedings:
            await _send_text(send, 409, b"an operation of this stream has this id already", caller)
            return
        if len(stream.feedings) >= self.limits.operations:
            raise BadRequest(f"a stream carries {self.limits.operations} operations at most at the same time")
        stream.start(feeding, self._feed(stream, feeding, asked))
        await _send_text(send, 202, b"", caller)

    async def _feed(self, stream: Stream, feeding: Feeding, asked: GraphQLRequest) -> None:
        await stream.feed(feeding, await self.operations.subscribe(asked, feeding.caller))


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_text(send: Any, status: int, body: bytes, caller: Caller) -> None:
    await _send_plain(send, status, body, b"text/plain; charset=utf-8", caller)


async def _send_json(send: Any, status: int, payload: Any, caller: Caller) -> None:
    await _send_plain(send, status, encode(payload), b"application/json; charset=utf-8", caller)


async def _send_plain(send: Any, status: int, body: bytes, kind: bytes, caller: Caller) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", caller.request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
