"""Reading over GraphQL: pages of contacts and one contact, beside the same SQL from a bare application."""

import pickle
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import psutil

from bench.environment import DATA, SECRET, Place, free_port, process
from bench.read_world import NAMES, Bodies, bodies, new_tokens, post, read_world, samples
from bench.serving import MeasuredServer, Rounds, alone, api, beside, by_turns
from bench.table import Result
from models import db
from models.accounts.sessions import Signing
from schema.accounts.authenticator import BatchingAuthenticator
from schema.root import build_schema
from schema.server.execution.documents import Documents
from schema.server.graphql_request import Caller, GraphQLRequest
from schema.server.operations import Operations
from schema.server.throttle import Rates, Throttle

TITLE = "Reading over GraphQL (milliseconds of the API process's CPU per request, requests a second, latency)"

CALLERS = 64
ONE, MANY, BARE = "one caller", f"{CALLERS} callers", "the same SQL, bare"


async def measure(place: Place) -> list[Result]:
    url, scope = await read_world(place)
    tokens = await new_tokens(scope, CALLERS)
    asks = bodies(scope, await samples(scope))
    statements = await _statements(asks, tokens[0])
    await db.disconnect()
    with api(place, url) as (port, muster), _bare(place, url, statements) as (bare_port, bare):
        servers = [
            MeasuredServer(ONE, port, muster, _posts(asks, tokens[:1])),
            MeasuredServer(MANY, port, muster, _posts(asks, tokens)),
            MeasuredServer(BARE, bare_port, bare, _gets(asks)),
        ]
        return _results(by_turns(place, servers))


def _posts(asks: Bodies, tokens: Sequence[str]) -> dict[str, list[bytes]]:
    return {
        case: [post(body, tokens[number % len(tokens)]) for number, body in enumerate(all_of)]
        for case, all_of in asks.items()
    }


def _gets(asks: Bodies) -> dict[str, list[bytes]]:
    return {
        case: [f"GET /{case}/{number} HTTP/1.1\r\nHost: bench\r\n\r\n".encode() for number in range(len(all_of))]
        for case, all_of in asks.items()
    }


@contextmanager
def _bare(place: Place, url: str, statements: dict[str, list[Any]]) -> Iterator[tuple[int, psutil.Process]]:
    port, file = free_port(), DATA / "statements.pickle"
    file.write_bytes(pickle.dumps(statements))
    command = ["-m", "bench.bare", str(port), url, str(file)]
    with process(command, place.environment(url), f"http://127.0.0.1:{port}/", "bare.log") as started:
        yield port, started


def _results(found: Rounds) -> list[Result]:
    results = []
    for case in found[ONE]:
        results.append(beside(found, case, ONE, BARE, f"{NAMES[case[0]]}, {case[1]} connections"))
        results.append(beside(found, case, MANY, ONE, f"  {MANY}"))
        results.append(alone(found, case, BARE))
    return results


async def _statements(asks: Bodies, token: str) -> dict[str, list[list[Any]]]:
    """The statements that Muster runs for each request, without those of authentication."""
    schema = build_schema()
    authenticator = BatchingAuthenticator(Signing(SECRET, timedelta(hours=1)))
    operations = Operations(
        schema, Documents(schema), authenticator, Throttle(Rates(10**9, 10**9, 10**9)), lambda _: None
    )
    statements: dict[str, list[list[Any]]] = {}
    async with _recording() as recorded:
        for case, all_of in asks.items():
            statements[case] = []
            for body in all_of:
                recorded.clear()
                answer = await operations.run(
                    GraphQLRequest(body["query"], None, body["variables"]), Caller("bench", token)
                )
                assert "errors" not in answer.payload, answer.payload
                statements[case].append([one for one in recorded if "api_tokens" not in one[0]])
    return statements


@asynccontextmanager
async def _recording() -> AsyncIterator[list[tuple[str, tuple[Any, ...]]]]:
    recorded: list[tuple[str, tuple[Any, ...]]] = []
    kept = {name: getattr(db, name) for name in ("fetch", "fetch_row", "fetch_value")}
    for name, function in kept.items():

        async def record(sql: str, *arguments: Any, _function: Any = function) -> Any:
            recorded.append((sql, arguments))
            return await _function(sql, *arguments)

        setattr(db, name, record)
    yield recorded
    for name, function in kept.items():
        setattr(db, name, function)
