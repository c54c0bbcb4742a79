"""Muster beside PostGraphile, which does not authenticate, meter or log: the queries of `bench reads`."""

import base64
import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import orjson
import psutil

from bench.environment import Place, free_port, process
from bench.peers.install import Installation, installed
from bench.read_world import FIELDS, NAMES, Bodies, Sample, bodies, new_tokens, post, read_world, samples
from bench.serving import MeasuredServer, Rounds, alone, api, beside, by_turns
from bench.table import Result
from deploy import node
from models import db
from permissions.principal import Scope

TITLE = "Beside PostGraphile (milliseconds of the server process's CPU per request, requests a second, latency)"

OURS, PEER = "Muster", "PostGraphile"
POOL_SIZE = 10

PAGE = (
    "query Page($after: Cursor) { contacts: allContacts(first: 50, after: $after, orderBy: ROW_ID_DESC)"
    " { nodes { FIELDS } pageInfo { hasNextPage endCursor } } }"
)
QUERIES = {
    "a": PAGE.replace("FIELDS", FIELDS),
    "b": PAGE.replace("FIELDS", f"{FIELDS} segments {{ nodes {{ id name }} }}"),
    "c": f"query One($id: ID!) {{ contact(id: $id) {{ {FIELDS} }} }}",
}
FIRST_CURSOR = "{ allContacts(first: 1, orderBy: ROW_ID_DESC) { pageInfo { endCursor } } }"


async def measure(place: Place) -> list[Result]:
    try:
        installation = installed()
    except node.CannotInstall as error:
        raise SystemExit(f"bench peers: {error}") from None
    url, scope = await read_world(place)
    token, about = (await new_tokens(scope, 1))[0], await samples(scope)
    async with _views(scope):
        with api(place, url) as (port, ours), _postgraphile(place, url, installation) as (peer_port, peer):
            asks, peer_asks = bodies(scope, about), _peer_bodies(peer_port, about)
            _compare(asks, port, token, peer_asks, peer_port)
            servers = [
                MeasuredServer(OURS, port, ours, {case: [post(one, token) for one in asks[case]] for case in asks}),
                MeasuredServer(PEER, peer_port, peer, {case: [post(one) for one in peer_asks[case]] for case in asks}),
            ]
            found = by_turns(place, servers)
    await db.disconnect()
    return _results(found)


def _results(found: Rounds) -> list[Result]:
    results = []
    for case in found[OURS]:
        results.append(beside(found, case, OURS, PEER, f"{NAMES[case[0]]}, {case[1]} connections"))
        results.append(alone(found, case, PEER))
    return results


@asynccontextmanager
async def _views(scope: Scope) -> AsyncIterator[None]:
    """What PostGraphile shows. Dropped at the end, because a view blocks migrations."""
    sql = (Path(__file__).parent / "views.sql").read_text().replace("{workspace_id}", str(scope.workspace_id))
    await db.execute("DROP SCHEMA IF EXISTS peers CASCADE")
    await db.execute(sql)
    try:
        yield
    finally:
        await db.execute("DROP SCHEMA IF EXISTS peers CASCADE")


@contextmanager
def _postgraphile(place: Place, url: str, installation: Installation) -> Iterator[tuple[int, psutil.Process]]:
    port = free_port()
    environment = place.environment(url, NODE_ENV="production", GRAPHILE_ENV="production")
    arguments = [str(installation.server), str(port), url, str(POOL_SIZE)]
    ready = f"http://127.0.0.1:{port}/graphql?query=%7B__typename%7D"
    with process(arguments, environment, ready, "postgraphile.log", program=str(installation.node)) as started:
        yield port, started


def _peer_bodies(port: int, about: list[Sample]) -> Bodies:
    """Pages go by id alone, which gives the same order: with (created_at, id) PostGraphile reads the index from its start.
    A cursor is [a digest of the order, the id] as JSON in base64."""
    first = _ask(port, {"query": FIRST_CURSOR}, None)["allContacts"]["pageInfo"]["endCursor"]
    order = json.loads(base64.b64decode(first))[0]
    pages = [{"after": _encoded([order, str(one.id)])} for one in about]
    ones = [{"id": _encoded(["Contact", str(one.id)])} for one in about]
    return {
        case: [{"query": query, "variables": variables} for variables in (ones if case == "c" else pages)]
        for case, query in QUERIES.items()
    }


def _encoded(parts: list[str]) -> str:
    return base64.b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode()


def _compare(asks: Bodies, port: int, token: str, peer_asks: Bodies, peer_port: int) -> None:
    """The first, middle and last request of each case."""
    for case, all_of in asks.items():
        for number in (0, len(all_of) // 2, -1):
            ours = _facts(_ask(port, all_of[number], token))
            theirs = _facts(_ask(peer_port, peer_asks[case][number], None))
            assert ours == theirs, (case, ours, theirs)


def _ask(port: int, body: dict[str, Any], token: str | None) -> Any:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", orjson.dumps(body), headers)
    answer = json.loads(urllib.request.urlopen(request, timeout=60).read())
    assert "errors" not in answer, answer
    return answer["data"]


def _facts(value: Any) -> Any:
    """Leaves out what servers write in their own way: ids, cursors, instants."""
    if isinstance(value, dict):
        return {name: _facts(one) for name, one in value.items() if name not in ("id", "createdAt", "endCursor")}
    return [_facts(one) for one in value] if isinstance(value, list) else value
