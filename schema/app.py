"""The whole API: GraphQL server, schema and other routes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from models.accounts.sessions import Signing
from models.rules.query import grammar
from schema.accounts import password_route
from schema.accounts.authenticator import BatchingAuthenticator
from schema.messaging import webhook_route
from schema.root import build_schema
from schema.server.cookies import CookieNames, Origins
from schema.server.execution.documents import Documents
from schema.server.execution.limits import DocumentLimits
from schema.server.operations import Line, Operations
from schema.server.pages import explorer, health, metrics
from schema.server.pages.console import Console
from schema.server.throttle import Rates, Throttle
from schema.server.transports.app import (
    Dispatch,
    Lifespan,
    WithoutOutages,
    WithoutSniffing,
    around,
    redis_client,
    with_cors,
    without_prefix,
    write_line,
)
from schema.server.transports.graphql import GraphQL
from schema.server.transports.socket import SocketLimits
from schema.server.transports.stream import StreamLimits
from schema.server.types import cursors
from schema.tracking.route import Tracking
from schema.transfers import download_route, upload_route
from schema.transfers.links import UPLOAD_LIMIT_BYTES, Links


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """`redis_url` None: each process limits callers by itself. Without `secret_keys` the secret that signs protects cursors.
    `console` is the folder into which the console was built."""

    signing: Signing
    secret_keys: tuple[str, ...] = ()
    redis_url: str | None = None
    public_url: str = "http://127.0.0.1:8000"
    allowed_origins: tuple[str, ...] = ()
    allowed_headers: tuple[str, ...] = ()
    body_limit_bytes: int = 2_097_152
    upload_limit_bytes: int = UPLOAD_LIMIT_BYTES
    least_free_bytes: int = 0
    metrics_token: str | None = None
    operation_timeout_seconds: float = 15.0
    recheck_seconds: float = 5.0
    rates: Rates = field(default_factory=Rates)
    tracking_rates: Rates = field(default_factory=partial(Rates, 50_000, 5_000, 1_000))
    documents: DocumentLimits = field(default_factory=DocumentLimits)
    sockets: SocketLimits = field(default_factory=SocketLimits)
    streams: StreamLimits = field(default_factory=StreamLimits)
    write_line: Callable[[Line], None] = write_line
    console: Path | None = None


def build(options: ApiOptions, lifespan: Lifespan | None = None, schema: GraphQLSchema | None = None) -> Any:
    """/graphql, /v1 (tracking), /explorer, /health/live, /health/ready, /metrics, the nouns' routes, and else the console."""
    cursors.use_keys(options.secret_keys or (options.signing.secret,))
    redis = redis_client(options.redis_url)
    schema = schema or build_schema()
    grammar.parser()  # made now, so that no request waits for it
    links = Links(options.signing.secret, options.public_url, options.upload_limit_bytes)
    operations = Operations(
        schema,
        Documents(schema, options.documents),
        BatchingAuthenticator(options.signing),
        Throttle(options.rates, redis),
        options.write_line,
        options.operation_timeout_seconds,
        options.recheck_seconds,
        links,
        CookieNames(secure=options.public_url.startswith("https:")),
    )
    origins = Origins(options.allowed_origins, options.public_url)
    graphql = GraphQL(operations, options.body_limit_bytes, origins, options.sockets, options.streams)
    routes: list[Route | Mount] = [
        *explorer.ROUTES,
        *health.routes(redis, options.least_free_bytes),
        *metrics.routes(options.metrics_token),
        *routes_of_nouns(),
    ]
    rest = Starlette(
        routes=routes,
        middleware=[Middleware(WithoutOutages)],
        lifespan=around(lifespan, redis, options.write_line),
    )
    console = Console(options.console, options.public_url, reserved_by(routes))
    rest.router.default = rest.state.console = console
    rest.state.links = links
    rest.state.signing = options.signing
    rest.state.end_streams = graphql.streams.end_all
    rest_of_all = with_cors(Dispatch(graphql, rest), options.allowed_origins, options.allowed_headers)
    all_routes = WithoutSniffing(Tracking(rest_of_all, Throttle(options.tracking_rates, redis)))
    return without_prefix(all_routes, options.public_url)


def routes_of_nouns() -> list[Route]:
    """Besides GraphQL."""
    return [*password_route.ROUTES, *webhook_route.routes(), *upload_route.ROUTES, *download_route.ROUTES]


def reserved_by(routes: Iterable[Route | Mount]) -> set[str]:
    """Returns the paths at which the console has no pages; what ends with a slash stands for all paths that begin so."""
    found = {route.path.split("{")[0] for route in routes} | {"/graphql", "/v1", "/health", "/explorer"}
    return found | {path.rstrip("/") + "/" for path in found}
