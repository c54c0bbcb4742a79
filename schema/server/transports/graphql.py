"""The endpoint /graphql: GraphQL over HTTP by its specification, server-sent events and WebSockets."""

from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from schema.server.cookies import Origins
from schema.server.execution.encoding import encode
from schema.server.formatted_errors import format_error
from schema.server.graphql_request import Answer, Caller, refused
from schema.server.operations import READS, READS_AND_WRITES, Operations
from schema.server.refusals import BadRequest
from schema.server.transports import http_request
from schema.server.transports.accept import EVENTS, JSON, RESPONSE, chosen
from schema.server.transports.compression import compress
from schema.server.transports.events import EventStreams
from schema.server.transports.http_request import NOSNIFF, Headers, TooLarge, TooLate, Unreadable
from schema.server.transports.socket import Socket, SocketLimits
from schema.server.transports.stream import StreamLimits

log = structlog.get_logger("muster.api")

_TYPES: Final = {
    JSON: b"application/json; charset=utf-8",
    RESPONSE: b"application/graphql-response+json; charset=utf-8",
}


@dataclass(slots=True)
class GraphQL:
    operations: Operations
    body_limit_bytes: int = 1_048_576
    origins: Origins = field(default_factory=Origins)
    socket_limits: SocketLimits = field(default_factory=SocketLimits)
    stream_limits: StreamLimits = field(default_factory=StreamLimits)
    streams: EventStreams = field(init=False)

    def __post_init__(self) -> None:
        self.streams = EventStreams(self.operations, self.stream_limits)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = http_request.headers_of(scope)
        caller = http_request.caller_of(scope, headers)
        http_request.use_cookies(caller, headers, self.operations.cookie_names, self.origins)
        if scope["type"] == "websocket":
            await Socket(self.operations, self.socket_limits, self.origins, caller, headers).serve(scope, receive, send)
            return
        method = scope["method"]
        if method == "POST":
            await self._post(receive, send, headers, caller)
        elif method == "GET":
            await self._get(scope, receive, send, headers, caller)
        elif method in ("PUT", "DELETE"):
            await self.streams.reserve_or_stop(scope, receive, send, headers, caller)
        else:
            answer = refused(format_error(BadRequest("send GraphQL by POST, or queries by GET"), caller.request_id))
            await _send(send, 405, answer, JSON, caller, headers, ((b"allow", b"GET, POST, PUT, DELETE"),))

    async def _post(self, receive: Any, send: Any, headers: Headers, caller: Caller) -> None:
        kind = chosen(headers.accept)
        try:
            if kind is None:
                raise BadRequest(f"none of the accepted types is one of {JSON}, {RESPONSE}, {EVENTS}")
            http_request.check_type(headers)
            params = http_request.params_of_body(await http_request.body_of(headers, receive, self.body_limit_bytes))
            request = http_request.graphql_request_of(params)
            if headers.stream_token is not None:
                await self.streams.operate(send, headers, caller, request, params)
                return
        except BadRequest as error:
            await self._refuse(send, error, kind, caller, headers)
            return
        if kind == EVENTS:
            await self.streams.serve_one(receive, send, caller, request)
            return
        http_request.watch_client(caller, receive)
        answer = await self.operations.run(request, caller, READS_AND_WRITES)
        await _answer(send, answer, kind or JSON, caller, headers)

    async def _get(self, scope: Any, receive: Any, send: Any, headers: Headers, caller: Caller) -> None:
        kind = chosen(headers.accept)
        try:
            params = http_request.params_of_url(scope)
            token = headers.stream_token or params.get("token")
            if kind == EVENTS and token is not None and "query" not in params:
                await self.streams.listen(receive, send, caller, token)
                return
            if "query" not in params and "text/html" in (headers.accept or ""):
                await _send_to_explorer(scope, send)
                return
            if kind is None:
                raise BadRequest(f"none of the accepted types is one of {JSON}, {RESPONSE}, {EVENTS}")
            request = http_request.graphql_request_of(params)
        except BadRequest as error:
            await self._refuse(send, error, kind, caller, headers)
            return
        if kind == EVENTS:
            await self.streams.serve_one(receive, send, caller, request, writes=False)
            return
        http_request.watch_client(caller, receive)
        answer = await self.operations.run(request, caller, READS)
        await _answer(send, answer, kind, caller, headers)

    async def _refuse(self, send: Any, error: BadRequest, kind: str | None, caller: Caller, headers: Headers) -> None:
        answer = refused(format_error(error, caller.request_id))
        status = _status_of(error, kind)
        log.info("request refused", status=status, reason=str(error), request_id=caller.request_id)
        await _send(send, status, answer, RESPONSE if kind == RESPONSE else JSON, caller, headers)


def _status_of(error: BadRequest, kind: str | None) -> int:
    if kind is None:
        return 406
    if isinstance(error, TooLarge):
        return 413
    if isinstance(error, TooLate):
        return 408
    return 415 if isinstance(error, Unreadable) else 400


async def _answer(send: Any, answer: Answer, kind: str, caller: Caller, headers: Headers) -> None:
    """Clients that accept only application/json get the status 200 with every GraphQL response."""
    await _send(send, answer.status if kind == RESPONSE else 200, answer, kind, caller, headers)


async def _send(
    send: Any,
    status: int,
    answer: Answer,
    kind: str,
    caller: Caller,
    asked: Headers,
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    try:
        body = encode(answer.payload)
    except TypeError as error:
        status, body = 500, encode(refused(format_error(error, caller.request_id)).payload)
    body, coding = await compress(body, asked.accept_encoding)
    headers = [
        (b"content-type", _TYPES[kind]),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", caller.request_id.encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"accept, accept-encoding"),
        NOSNIFF,
        *answer.retry_header,
        *more,
    ]
    headers += [(b"set-cookie", cookie.encode()) for cookie in answer.cookies]
    if coding is not None:
        headers.append((b"content-encoding", coding.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_to_explorer(scope: Any, send: Any) -> None:
    """By a relative address, which is right behind every proxy."""
    address = b"../explorer/" if scope["path"].endswith("/") else b"explorer/"
    headers = [NOSNIFF, (b"location", address), (b"content-length", b"0"), (b"vary", b"accept")]
    await send({"type": "http.response.start", "status": 307, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
