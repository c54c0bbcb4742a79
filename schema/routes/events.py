"""Server-sent events, as the protocol of the npm package graphql-sse has them.

Distinct connections: one operation for each request. Single connection: a stream is reserved by PUT, listened to by GET, and
operations are started by POST and stopped by DELETE, all with the stream's token. A stream lives in the process that reserved
it: behind a balancer, its requests must come to the same process (or clients use distinct connections).
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from models.errors import Refusal
from schema.kit.encoding import encode
from schema.kit.masking import tell
from schema.kit.operations import Operations
from schema.kit.refusals import BadRequest
from schema.kit.run import Answer, Asked, Caller, Ended, refused
from schema.kit.watch import Texts
from schema.routes import request
from schema.routes.request import Headers

log = structlog.get_logger("muster.api")

KEEP_ALIVE_SECONDS: Final = 12.0
"""A comment goes out after this much silence, so that nothing in between takes the connection for dead."""

RESERVED_SECONDS: Final = 30.0
"""How long a reserved stream waits to be listened to."""

SEND_SECONDS: Final = 30.0
"""Who does not take what is sent within this time is cut off."""

MOST_STREAMS: Final = 5_000
MOST_OPERATIONS: Final = 100
MOST_WAITING: Final = 100
"""How many events of one stream may wait to be sent; its operations stand still meanwhile."""

_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


def event(name: bytes, data: bytes = b"") -> bytes:
    """One event as it goes over the wire."""
    return b"event: " + name + b"\ndata: " + data + b"\n\n"


async def payloads_of(started: Answer | AsyncGenerator[Texts, None]) -> AsyncGenerator[Texts, None]:
    """What an operation answers, payloads as JSON; when we end it, the last one says why."""
    if isinstance(started, Answer):
        yield (encode(started.payload),)
        return
    async with aclosing(started) as payloads:
        try:
            async for texts in payloads:
                yield texts
        except Ended as ended:
            yield (encode({"errors": ended.errors}),)


@dataclass(slots=True)
class Stream:
    """A single connection: what waits to be sent on it, and the operations that feed it."""

    queue: "asyncio.Queue[bytes]" = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    operations: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    is_open: bool = False

    def stop(self) -> None:
        """Stop all that feeds it."""
        for task in list(self.operations.values()):
            task.cancel()


@dataclass(slots=True)
class EventStreams:
    """All the event streams of this process."""

    operations: Operations
    reserved: dict[str, Stream] = field(default_factory=dict)
    open: "set[asyncio.Future[None]]" = field(default_factory=set)
    """For each stream that is being sent, what ends it."""

    def end_all(self) -> None:
        """End every stream, because the server is to stop. Clients come again, to another process or after the restart."""
        for ending in self.open:
            ending.cancel()

    # ---------------------------------------------------------------- distinct connections

    async def serve_one(self, receive: Any, send: Any, caller: Caller, asked: Asked, writes: bool = True) -> None:
        """Run one operation and send what it answers as events, to the end or until the client goes."""
        started = await self.operations.subscribe(asked, caller, writes=writes)
        if isinstance(started, Answer) and started.status == 401:
            await _send_json(send, 401, started.payload, caller)
            return
        queue: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)

        async def feed() -> None:
            async with aclosing(payloads_of(started)) as payloads:
                async for texts in payloads:
                    await queue.put(b"".join(event(b"next", text) for text in texts))
            await queue.put(event(b"complete"))

        feeding = asyncio.ensure_future(feed())
        try:
            await self._send(receive, send, caller, queue, feeding)
        finally:
            feeding.cancel()
            await asyncio.wait({feeding})

    async def _send(
        self, receive: Any, send: Any, caller: Caller, queue: "asyncio.Queue[bytes]", feeding: "asyncio.Future[None]"
    ) -> None:
        """Send from the queue until its feeder is done and all is sent, or the client has gone, or the server is to stop."""
        headers = [*_HEADERS, (b"x-request-id", caller.request_id.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(_gone(receive))
        self.open.add(gone)
        try:
            part: bytes | None = b":\n\n"
            while part is not None:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                part = await _next_part(queue, gone, feeding)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.info("an event stream was cut off: nobody reads it", request_id=caller.request_id)
        finally:
            self.open.discard(gone)
            gone.cancel()

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
            running = stream.operations.get(str(params.get("operationId")))
            if running is not None:
                running.cancel()
            await _send_text(send, 200, b"", caller)
        except Refusal as error:
            answer = refused(tell(error, caller.request_id))
            await _send_json(send, answer.status, answer.payload, caller)

    async def _reserve(self, send: Any, caller: Caller) -> None:
        await self.operations.scope_of(caller)
        if len(self.reserved) >= MOST_STREAMS:
            raise BadRequest(f"this server keeps {MOST_STREAMS} streams at most: use distinct connections")
        token = secrets.token_urlsafe(24)
        self.reserved[token] = Stream()
        asyncio.get_running_loop().call_later(RESERVED_SECONDS, self._drop_unless_open, token)
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
            await self._send(receive, send, caller, stream.queue, asyncio.get_running_loop().create_future())
        finally:
            self._drop(token)

    async def operate(
        self, send: Any, headers: Headers, caller: Caller, asked: Asked, params: Mapping[str, Any]
    ) -> None:
        """Start an operation on a reserved stream. Raises BadRequest."""
        stream = self._stream(headers.stream_token)
        number = (params.get("extensions") or {}).get("operationId")
        if not isinstance(number, str) or not number:
            raise BadRequest("`extensions.operationId` must be there: a text, your own name for the operation")
        if number in stream.operations:
            await _send_text(send, 409, b"an operation of this stream has this id already", caller)
            return
        if len(stream.operations) >= MOST_OPERATIONS:
            raise BadRequest(f"a stream carries {MOST_OPERATIONS} operations at most at the same time")
        stream.operations[number] = asyncio.ensure_future(self._feed(stream, number, asked, caller))
        await _send_text(send, 202, b"", caller)

    async def _feed(self, stream: Stream, number: str, asked: Asked, caller: Caller) -> None:
        try:
            started = await self.operations.subscribe(asked, caller)
            head = b'{"id":' + encode(number) + b',"payload":'
            async with aclosing(payloads_of(started)) as payloads:
                async for texts in payloads:
                    await stream.queue.put(b"".join(event(b"next", head + text + b"}") for text in texts))
            await stream.queue.put(event(b"complete", encode({"id": number})))
        finally:
            stream.operations.pop(number, None)


async def _next_part(
    queue: "asyncio.Queue[bytes]", gone: "asyncio.Future[None]", feeding: "asyncio.Future[None]"
) -> bytes | None:
    """The next event, or a comment when there is none for a while; None when the stream is to end."""
    if not feeding.done():
        upcoming = asyncio.ensure_future(queue.get())
        ends: set[asyncio.Future[Any]] = {upcoming, gone, feeding}
        await asyncio.wait(ends, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if upcoming.done():
            return upcoming.result()
        upcoming.cancel()
    if gone.done():
        return None
    if feeding.done():
        return None if queue.empty() else queue.get_nowait()
    return b":\n\n"


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
