"""Reading over GraphQL: a page of contacts, the same with each contact's segments, and one contact.

One API process as in production (authentication, cost, log), beside the same SQL run raw by a bare application, in the same run.
"""

import json
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import psutil

from bench.environment import DATA, SECRET, Place, cpu_seconds, free_port, process, settle
from bench.table import Result, medians
from models import db
from models.accounts import api_tokens, workspaces
from models.accounts.sessions import Signing
from permissions.capabilities import Permission
from permissions.principal import SYSTEM, Scope
from schema.accounts.authenticator import Authenticator
from schema.root import build_schema
from schema.server.execution.documents import Documents
from schema.server.graphql_request import Caller, GraphQLRequest
from schema.server.ids import to_global_id
from schema.server.operations import Operations
from schema.server.throttle import Rates, Throttle
from schema.server.types.cursors import to_cursor

TITLE = "Reading over GraphQL (milliseconds of the API process's CPU per request, requests a second, latency)"

SEGMENTS = 100
"""Segments there are; a contact is in 2.7 of them on average."""

FIELDS = "id name email phone score whatsappConsent tags createdAt"

PAGE = "query Page($after: String) { contacts(first: 50, after: $after) { nodes { FIELDS } pageInfo { hasNextPage endCursor } } }"
QUERIES = {
    "a": PAGE.replace("FIELDS", FIELDS),
    "b": PAGE.replace("FIELDS", f"{FIELDS} segments {{ nodes {{ id name }} }}"),
    "c": f"query One($id: ID!) {{ contact(id: $id) {{ {FIELDS} }} }}",
}
NAMES = {"a": "a: page of 50, 8 fields", "b": "b: a + each contact's segments", "c": "c: one contact by id"}
REQUESTS = 200
CONNECTIONS = (16, 64)


async def measure(place: Place) -> list[Result]:
    """Measure all cases, on both servers, in alternating rounds."""
    name = f"reads_{place.contacts}"
    url, is_new = await place.database(name)
    if is_new or not await db.fetch_value("SELECT count(*) FROM api_tokens"):
        await db.disconnect()
        await place.drop(name)
        url, _ = await place.database(name)
        await _seed(place.contacts)
    secret = await _token()
    requests = await _requests()
    statements = await _statements(requests, secret)
    await db.disconnect()
    with _servers(place, url, statements) as servers:
        rounds = [_round(server, requests, secret, place.seconds) for _ in range(place.rounds) for server in servers]
    return _results(rounds)


# ---------------------------------------------------------------- the data


async def _seed(contacts: int) -> None:
    scope = await workspaces.create("Bench", timezone="Europe/Madrid", default_country="ES")
    print(f"making {contacts:,} contacts ...", flush=True)
    await db.execute(
        "INSERT INTO segments (workspace_id, name, kind) SELECT $1, 'Segment ' || n, 'STATIC' FROM generate_series(1, $2::int) n",
        scope.workspace_id,
        SEGMENTS,
    )
    for start in range(0, contacts, 100_000):
        async with db.transaction():
            await db.execute("SET LOCAL muster.capture = 'off'")
            await db.execute("SET LOCAL muster.members = 'logged'")
            await db.execute(_CONTACTS, scope.workspace_id, start + 1, min(start + 100_000, contacts))
            await db.execute(_MEMBERSHIPS, scope.workspace_id, start + 1, min(start + 100_000, contacts), SEGMENTS)
    await settle()


_CONTACTS = """
    INSERT INTO contacts (workspace_id, external_id, name, email, phone, score, whatsapp_consent, tags, attributes, created_at)
    SELECT $1, 'customer-' || n, 'Ana Contact ' || n, 'contact' || n || '@example.com', '+346' || lpad(n::text, 8, '0'),
           n % 100, (ARRAY['UNKNOWN', 'OPTED_IN', 'OPTED_OUT'])[n % 3 + 1],
           (ARRAY['vip', 'news', 'trial', 'madrid'])[1:n % 5], jsonb_build_object('city', 'City ' || n % 50),
           timestamptz '2026-01-01' + n * interval '7 seconds'
    FROM generate_series($2::int, $3::int) n
"""
_MEMBERSHIPS = """
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
    SELECT DISTINCT $1::bigint, s.id, c.id, 'MANUAL'
    FROM contacts c
    CROSS JOIN LATERAL generate_series(1, 1 + (c.id % 4)::int + (c.id % 3)::int / 2) k
    JOIN segments s ON s.workspace_id = $1 AND s.id = 1 + (hashint8(c.id * 31 + k)::bigint + 2147483648) % $4
    WHERE c.workspace_id = $1 AND split_part(c.external_id, '-', 2)::int BETWEEN $2 AND $3
"""


async def _token() -> str:
    number = await db.fetch_value("SELECT min(id) FROM workspaces")
    everything = {Permission.CONTACT_READ, Permission.SEGMENT_READ}
    return (await api_tokens.create(Scope(number, SYSTEM), name="bench", permissions=everything))[1]


# ---------------------------------------------------------------- the requests


async def _requests() -> dict[str, list[dict[str, Any]]]:
    """For each case the bodies of its requests, spread over all contacts."""
    rows = await db.fetch(
        "SELECT id, created_at FROM contacts WHERE id % greatest(1, (SELECT max(id) FROM contacts) / $1) = 0 AND id > 100"
        " ORDER BY id LIMIT $1",
        REQUESTS,
    )
    pages = [{"after": to_cursor("CREATED_AT_DESC", row["created_at"], row["id"])} for row in rows]
    ones = [{"id": to_global_id("Contact", row["id"])} for row in rows]
    return {
        case: [{"query": QUERIES[case], "variables": variables} for variables in (ones if case == "c" else pages)]
        for case in QUERIES
    }


async def _statements(requests: dict[str, list[dict[str, Any]]], secret: str) -> dict[str, list[list[Any]]]:
    """The statements that Muster runs for each request, without those that ask who is calling."""
    schema = build_schema()
    authenticator = Authenticator(Signing(SECRET, timedelta(hours=1)))
    operations = Operations(
        schema, Documents(schema), authenticator, Throttle(Rates(10**9, 10**9, 10**9)), lambda _: None
    )
    statements: dict[str, list[list[Any]]] = {}
    async with _recording() as recorded:
        for case, bodies in requests.items():
            statements[case] = []
            for body in bodies:
                recorded.clear()
                answer = await operations.run(
                    GraphQLRequest(body["query"], None, body["variables"]), Caller("bench", secret)
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


# ---------------------------------------------------------------- the measuring


@dataclass
class Running:
    """A server that is measured."""

    name: str
    port: int
    process: psutil.Process
    figures: dict[tuple[str, int], dict[str, float]] = field(default_factory=dict)


class _servers:  # noqa: N801 - used as a function
    def __init__(self, place: Place, url: str, statements: Any) -> None:
        (DATA / "statements.pickle").write_bytes(pickle.dumps(statements))
        api, bare = free_port(), free_port()
        environment = place.environment(url, MUSTER_PORT=str(api), MUSTER_API_PROCESSES="1")
        self.ports = api, bare
        self.contexts = [
            process(["-m", "muster", "api"], environment, f"http://127.0.0.1:{api}/health/live", "api.log"),
            process(
                ["-m", "bench.bare", str(bare), url, str(DATA / "statements.pickle")],
                environment,
                f"http://127.0.0.1:{bare}/",
                "bare.log",
            ),
        ]

    def __enter__(self) -> list[Running]:
        started = [context.__enter__() for context in self.contexts]
        names = ("muster", "bare")
        return [Running(*one) for one in zip(names, self.ports, started, strict=True)]

    def __exit__(self, *error: Any) -> None:
        for context in self.contexts:
            context.__exit__(*error)


def _round(server: Running, requests: dict[str, Any], secret: str, seconds: float) -> Running:
    """One round on one server: every case at every number of connections, after a moment of warming up."""
    made = Running(server.name, server.port, server.process)
    for case, bodies in requests.items():
        raw = [_raw(server, case, number, body, secret) for number, body in enumerate(bodies)]
        _load(server, raw, 16, 0.5)
        for connections in CONNECTIONS:
            before = cpu_seconds(server.process)
            figures = _load(server, raw, connections, seconds)
            assert not figures["errors"], figures
            cpu_ms = (cpu_seconds(server.process) - before) / figures["requests"] * 1000
            made.figures[case, connections] = {
                "cpu_ms": cpu_ms,
                "per_second": figures["per_second"],
                "p50_ms": figures["p50_ms"],
                "p99_ms": figures["p99_ms"],
            }
    return made


def _raw(server: Running, case: str, number: int, body: dict[str, Any], secret: str) -> bytes:
    if server.name == "bare":
        return f"GET /{case}/{number} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    content = orjson.dumps(body)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        f"Authorization: Bearer {secret}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _load(server: Running, raw: list[bytes], connections: int, seconds: float) -> dict[str, float]:
    job = {"host": "127.0.0.1", "port": server.port, "requests": raw, "connections": connections, "seconds": seconds}
    (DATA / "job.pickle").write_bytes(pickle.dumps(job))
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", str(DATA / "job.pickle")], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    if done.stderr:
        print(done.stderr.decode())
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _results(rounds: Sequence[Running]) -> list[Result]:
    results = []
    for case, connections in rounds[0].figures:
        found = {
            name: medians([one.figures[case, connections] for one in rounds if one.name == name])
            for name in ("bare", "muster")
        }
        ratios = {name: found["muster"][name] / found["bare"][name] for name in found["bare"]}
        label = f"{NAMES[case]}, {connections} connections"
        results.append(Result(label, found["muster"], "the same SQL, bare", ratios))
        results.append(Result("  the same SQL, bare", found["bare"]))
    return results
