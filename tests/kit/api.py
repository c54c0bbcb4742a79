"""Calls the API: in this process, or over a port."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import orjson
import uvicorn
from graphql import GraphQLSchema

from models.accounts import api_tokens, members, sessions
from models.accounts.sessions import Signing
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.accounts.authenticator import BatchingAuthenticator
from schema.app import ApiOptions, build
from schema.root import build_schema
from schema.server.execution.documents import Documents
from schema.server.graphql_request import Answer, Caller, GraphQLRequest, OperationEnded
from schema.server.operations import Operations
from schema.server.throttle import Rates, Throttle
from schema.transfers.links import Links
from tests.kit.workspaces import PASSWORD
from workers.broker import connected_broker

SIGNING = Signing("a secret of the tests, which is 32 bytes", timedelta(hours=1))
LINKS = Links(SIGNING.secret, "http://muster.test")

ERRORS: Final = "userErrors { code field message }"
"""The user errors of a payload, in a GraphQL document."""


async def bearer_of(scope: Scope, role: Role = Role.ADMIN, *permissions: Permission) -> str:
    """The bearer token of a new member."""
    count = len(await members.everyone(scope))
    member = await members.create(
        scope,
        email=f"{role.value.lower()}{count}@example.com",
        name=f"{role.value} {count}",
        password=PASSWORD,
        role=role,
        permissions=permissions,
    )
    token = await sessions.token_of(scope, member.id, SIGNING)
    assert token is not None
    return token


async def token_with(scope: Scope, *permissions: Permission) -> str:
    """The secret of a new API token."""
    return (await api_tokens.create(scope, name="a token", permissions=permissions))[1]


@dataclass
class Api:
    """Runs operations in this process, without a transport. `lines` is the log."""

    schema: GraphQLSchema = field(default_factory=build_schema)
    rates: Rates = field(default_factory=Rates)
    lines: list[Mapping[str, Any]] = field(default_factory=list)
    recheck_seconds: float = 5.0
    timeout_seconds: float = 15.0
    throttle: Throttle = field(init=False)
    operations: Operations = field(init=False)

    def __post_init__(self) -> None:
        self.throttle = Throttle(self.rates)
        self.operations = Operations(
            self.schema,
            Documents(self.schema),
            BatchingAuthenticator(SIGNING),
            self.throttle,
            self.lines.append,
            self.timeout_seconds,
            self.recheck_seconds,
            links=LINKS,
        )

    async def ask(self, bearer: str | None, query: str, /, **variables: Any) -> dict[str, Any]:
        """The response to a query or a mutation, as JSON."""
        answer = await self.operations.run(
            GraphQLRequest(query, None, variables), Caller("a-request", bearer, "192.0.2.7")
        )
        return as_json(answer.payload)

    async def data(self, bearer: str | None, query: str, /, **variables: Any) -> Any:
        """The data of a response that has no errors."""
        response = await self.ask(bearer, query, **variables)
        assert "errors" not in response, response["errors"]
        return response["data"]

    async def codes(self, bearer: str | None, query: str, /, **variables: Any) -> list[str]:
        """The codes of a response's top-level errors."""
        response = await self.ask(bearer, query, **variables)
        return [error["extensions"]["code"] for error in response.get("errors", [])]

    async def listen(self, bearer: str | None, query: str, /, **variables: Any) -> AsyncIterator[dict[str, Any]]:
        """The payloads of a subscription; if the server ends it, the last one says why."""
        started = await self.operations.subscribe(GraphQLRequest(query, None, variables), Caller("a-request", bearer))
        if isinstance(started, Answer):
            yield as_json(started.payload)
            return
        try:
            async for texts in started:
                for text in texts:
                    yield orjson.loads(text)
        except OperationEnded as ended:
            yield {"errors": ended.errors}
        finally:
            await started.aclose()


def as_json(payload: Any) -> dict[str, Any]:
    """A payload as JSON."""
    read: dict[str, Any] = orjson.loads(orjson.dumps(payload, option=orjson.OPT_UTC_Z))
    return read


# ---------------------------------------------------------------- over HTTP, in this process


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


async def send(
    app: Any, method: str, path: str, body: bytes | dict[str, Any] = b"", query: str = "", **headers: str
) -> Response:
    """One request to an ASGI application. Header names have underscores."""
    if isinstance(body, dict):
        body = orjson.dumps(body)
        headers.setdefault("content_type", "application/json")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.9", 5555),
        "server": ("test", 80),
        "scheme": "http",
        "http_version": "1.1",
    }
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def take(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, take)
    start = next(message for message in sent if message["type"] == "http.response.start")
    whole = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return Response(start["status"], {name.decode().lower(): value.decode() for name, value in start["headers"]}, whole)


@asynccontextmanager
async def started(app: Any) -> AsyncIterator[Any]:
    """The application after its start-up, without a server."""
    sent: asyncio.Queue[Any] = asyncio.Queue()
    received: asyncio.Queue[Any] = asyncio.Queue()
    running = asyncio.ensure_future(app({"type": "lifespan", "asgi": {"version": "3.0"}}, received.get, sent.put))
    await received.put({"type": "lifespan.startup"})
    assert (await sent.get())["type"] == "lifespan.startup.complete"
    yield app
    await received.put({"type": "lifespan.shutdown"})
    assert (await sent.get())["type"] == "lifespan.shutdown.complete"
    await running


# ---------------------------------------------------------------- over a port


def options(**changes: Any) -> ApiOptions:
    """The API's options for tests."""
    return replace(ApiOptions(SIGNING, write_line=lambda _: None), **changes)


OURS: Final = {"http": "muster.protocols:Http", "ws": "muster.protocols:WebSockets"}
PLAIN: Final = {"http": "httptools", "ws": "websockets-sansio"}
"""Those of uvicorn."""


@asynccontextmanager
async def serving(app: Any, protocols: Mapping[str, Any] = OURS) -> AsyncIterator[str]:
    """Serve an application in this event loop. Gives `127.0.0.1:PORT`."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="error", lifespan="on", timeout_graceful_shutdown=2, ws_per_message_deflate=False, **protocols
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
            if running.done():
                running.result()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


def application(
    schema: GraphQLSchema | None = None, *, started: Callable[[Any], None] = lambda _: None, **changes: Any
) -> Any:
    """The whole ASGI application, without its own pool. With `redis_url` it sends what is enqueued, and gives its
    Starlette application to `started`."""
    url = changes.get("redis_url")

    def connected(app: Any) -> Any:
        started(app)
        return connected_broker(url)

    return build(options(**changes), None if url is None else connected, schema)
