"""Everything that is served over HTTP, put together."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import structlog
from graphql import GraphQLSchema
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from models.accounts.sessions import Signing
from schema.accounts.authenticator import Authenticator
from schema.messaging import webhook_route
from schema.root import build_schema
from schema.server.execution.documents import Documents
from schema.server.execution.limits import DocumentLimits
from schema.server.operation_log import LineWriter
from schema.server.operations import Line, Operations
from schema.server.pages import explorer, health, metrics
from schema.server.throttle import Rates, Throttle
from schema.server.transports.graphql import GraphQL
from schema.server.transports.socket import SocketLimits
from schema.server.transports.stream import StreamLimits
from schema.transfers import download_route, upload_route
from schema.transfers.links import UPLOAD_LIMIT_BYTES, Links
from workers.redis_connections import connections

ROUTES: list[BaseRoute] = [*upload_route.ROUTES, *download_route.ROUTES]
"""Routes of the nouns: add yours."""

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]
"""What is open while the server runs."""

_operation_log = structlog.get_logger("muster.operation")


def write_line(line: Line) -> None:
    """Log one operation."""
    _operation_log.info(**line)


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What the API is told from outside. `redis_url` None: callers are metered by each process on its own."""

    signing: Signing
    redis_url: str | None = None
    public_url: str = "http://127.0.0.1:8000"
    allowed_origins: tuple[str, ...] = ()
    body_limit_bytes: int = 2_097_152
    upload_limit_bytes: int = UPLOAD_LIMIT_BYTES
    operation_timeout_seconds: float = 15.0
    recheck_seconds: float = 5.0
    rates: Rates = field(default_factory=Rates)
    documents: DocumentLimits = field(default_factory=DocumentLimits)
    sockets: SocketLimits = field(default_factory=SocketLimits)
    streams: StreamLimits = field(default_factory=StreamLimits)
    write_line: Callable[[Line], None] = write_line


def build(options: ApiOptions, lifespan: Lifespan | None = None, schema: GraphQLSchema | None = None) -> Any:
    """The ASGI application: /graphql, the explorer at /, /health/live and /health/ready, /metrics, and the nouns' routes."""
    redis = _redis(options.redis_url)
    schema = schema or build_schema()
    links = Links(options.signing.secret, options.public_url, options.upload_limit_bytes)
    operations = Operations(
        schema,
        Documents(schema, options.documents),
        Authenticator(options.signing),
        Throttle(options.rates, redis),
        options.write_line,
        options.operation_timeout_seconds,
        options.recheck_seconds,
        links,
    )
    graphql = GraphQL(operations, options.body_limit_bytes, options.allowed_origins, options.sockets, options.streams)
    rest = Starlette(
        routes=[*explorer.ROUTES, *health.routes(redis), *metrics.ROUTES, *webhook_route.routes(), *ROUTES],
        lifespan=_lifespan(lifespan, redis, options.write_line),
    )
    rest.state.links = links
    rest.state.end_streams = graphql.streams.end_all
    return _with_cors(Dispatch(graphql, rest), options.allowed_origins)


class Dispatch:
    """/graphql at once, all else by way of Starlette's routes."""

    def __init__(self, graphql: GraphQL, rest: Starlette) -> None:
        self.graphql = graphql
        self.rest = rest

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan" and scope["path"] == "/graphql":
            await self.graphql(scope, receive, send)
        else:
            await self.rest(scope, receive, send)


def _with_cors(app: Any, origins: tuple[str, ...]) -> Any:
    if not origins:
        return app
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["authorization", "content-type", "x-request-id", "x-graphql-event-stream-token"],
        expose_headers=["x-request-id", "retry-after"],
        max_age=600,
    )
    return cors.cls(app, *cors.args, **cors.kwargs)


def _redis(url: str | None) -> Redis | None:
    if url is None:
        return None
    client: Redis = Redis.from_pool(connections(url, 0.25, retry=Retry(NoBackoff(), 0)))
    return client


def _lifespan(outer: Lifespan | None, redis: Redis | None, write_line: Callable[[Line], None]) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with outer(app) if outer is not None else nullcontext():
            _settle_down()
            yield
        if redis is not None:
            await redis.aclose()
        if isinstance(write_line, LineWriter):
            write_line.flush()

    return lifespan


def _settle_down() -> None:
    """What is there now stays: the collector need not look at it again, and need not look so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
