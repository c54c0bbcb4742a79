"""The parts of the ASGI application around GraphQL."""

import gc
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse

from models import db
from schema.server.formatted_errors import AWAY
from schema.server.operation_log import LineWriter
from schema.server.operations import Line
from schema.server.transports.graphql import GraphQL
from schema.server.transports.http_request import NOSNIFF
from workers.redis_connections import connections

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]

_operation_log = structlog.get_logger("muster.operation")


def write_line(line: Line) -> None:
    _operation_log.info(**line)


GRAPHQL_PATHS: Final = frozenset({"/graphql", "/graphql/"})


class Dispatch:
    """Passes /graphql on without Starlette's middleware and routes, which cost time."""

    def __init__(self, graphql: GraphQL, rest: Starlette) -> None:
        self.graphql = graphql
        self.rest = rest

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan" and scope["path"] in GRAPHQL_PATHS:
            await self.graphql(scope, receive, send)
        else:
            await self.rest(scope, receive, send)


ALLOWED_HEADERS: Final = (
    "authorization",
    "content-type",
    "x-graphql-event-stream-token",
    "x-request-id",
    # Usual clients of GraphQL send these ...
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "graphql-client-name",
    "graphql-client-version",
    "x-apollo-operation-id",
    "x-apollo-operation-name",
    "x-requested-with",
    # ... and these come from tools that trace requests through a browser.
    "baggage",
    "b3",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-spanid",
    "x-b3-traceid",
    "x-datadog-origin",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-trace-id",
    "newrelic",
)
"""A browser refuses a request with a header that the preflight does not allow, so one unknown header breaks a whole page."""


class WithoutOutages:
    """Answers 503 while PostgreSQL does not answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        has_started = False

        async def noticing_send(message: Any) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(scope, receive, noticing_send)
        except Exception as error:
            if has_started or not db.logged_as_outage(error):
                raise
            await JSONResponse({"error": AWAY}, 503, headers={"retry-after": "1"})(scope, receive, send)


class WithoutSniffing:
    """Tells browsers to take every answer for what its content type says.

    The endpoint of GraphQL writes this header itself.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or (scope["path"] in GRAPHQL_PATHS and scope["method"] != "OPTIONS"):
            await self.app(scope, receive, send)
            return

        async def send_with_header(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*_without(message["headers"], NOSNIFF[0]), NOSNIFF]
            await send(message)

        await self.app(scope, receive, send_with_header)


def _without(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    return [header for header in headers if header[0] != name]


def without_prefix(app: Any, public_url: str) -> Any:
    """Returns the application for a proxy that leaves the path of `public_url` in what it passes on. It may also take it away."""
    prefix = urlsplit(public_url).path.rstrip("/")
    if not prefix:
        return app

    async def stripping(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if path == prefix or path.startswith(f"{prefix}/"):
            scope = {**scope, "path": path.removeprefix(prefix) or "/"}
        await app(scope, receive, send)

    return stripping


def with_cors(app: Any, origins: tuple[str, ...], more_headers: tuple[str, ...] = ()) -> Any:
    if not origins:
        return app
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_credentials="*" not in origins,  # the cookie of a session is only for origins that are named
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=[*ALLOWED_HEADERS, *more_headers],
        expose_headers=["x-request-id", "retry-after"],
        max_age=600,
    )
    return cors.cls(app, *cors.args, **cors.kwargs)


def redis_client(url: str | None) -> Redis | None:
    """It does not wait long and does not retry."""
    if url is None:
        return None
    client: Redis = Redis.from_pool(connections(url, 0.25, retry=Retry(NoBackoff(), 0)))
    return client


def around(outer: Lifespan | None, redis: Redis | None, write_line: Callable[[Line], None]) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with outer(app) if outer is not None else nullcontext():
            _freeze_garbage_collector()
            yield
        if redis is not None:
            await redis.aclose()
        if isinstance(write_line, LineWriter):
            write_line.flush()

    return lifespan


def _freeze_garbage_collector() -> None:
    """Exclude the objects of the start, which live as long as the process, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
