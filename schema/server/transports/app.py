"""The parts of the ASGI application around GraphQL."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from schema.server.operation_log import LineWriter
from schema.server.operations import Line
from schema.server.transports.graphql import GraphQL
from workers.redis_connections import connections

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]

_operation_log = structlog.get_logger("muster.operation")


def write_line(line: Line) -> None:
    _operation_log.info(**line)


class Dispatch:
    """Passes /graphql on without Starlette's middleware and routes, which cost time."""

    def __init__(self, graphql: GraphQL, rest: Starlette) -> None:
        self.graphql = graphql
        self.rest = rest

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan" and scope["path"] == "/graphql":
            await self.graphql(scope, receive, send)
        else:
            await self.rest(scope, receive, send)


def with_cors(app: Any, origins: tuple[str, ...]) -> Any:
    if not origins:
        return app
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_credentials="*" not in origins,  # the cookie of a session is only for origins that are named
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["authorization", "content-type", "x-request-id", "x-graphql-event-stream-token"],
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
