"""A client that does not read costs little memory, gets the cursor to resume after, and then has missed nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import psutil
import pytest
from prometheus_client import REGISTRY
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from models import db
from models.changelog.cursor import from_cursor, to_cursor
from models.changelog.members import MEMBERS
from models.changelog.tail import TAIL
from models.membership import manual_changes
from models.membership.origins import Origin
from muster.protocols import WebSockets
from permissions.principal import Scope
from schema.server.transports.socket import SocketLimits
from schema.server.transports.stream import StreamLimits
from schema.server.transports.wire import CHUNK_BYTES
from tests.kit.api import OURS, PLAIN, application, bearer_of, serving
from tests.kit.readers import EventReader, SocketReader
from tests.kit.segments import static_segment
from tests.kit.workers import eventually
from tests.kit.workspaces import new_workspace

MANY = 5_000
WORDS = " ".join(f"at{number}: at" for number in range(24))
FOLLOW = f"subscription ($after: ChangeCursor) {{ membershipChanges(after: $after) {{ cursor {WORDS} }} }}"
SECONDS = 1.0
"""How long the server waits for a client that does not read, twice, before it disconnects it."""


@pytest.fixture
async def scope(database: str) -> Scope:
    """A workspace whose log has MANY changes: some megabytes of events."""
    scope = await new_workspace()
    await db.execute(
        "INSERT INTO contacts (workspace_id) SELECT $1 FROM generate_series(1, $2)", scope.workspace_id, MANY
    )
    rows = await db.fetch("SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id", scope.workspace_id)
    segment = await static_segment(scope)
    await manual_changes.change_members(scope, segment.id, add=[row["id"] for row in rows], origin=Origin.MANUAL)
    return scope


@pytest.fixture(params=[OURS, PLAIN], ids=["ours", "plain"])
async def address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    app = application(
        sockets=SocketLimits(send_seconds=SECONDS, ping_seconds=60), streams=StreamLimits(send_seconds=SECONDS)
    )
    async with serving(app, request.param) as address:
        yield address


def slow_consumers() -> float:
    """How many slow consumers the server has counted."""
    return REGISTRY.get_sample_value("muster_feed_slow_total") or 0.0


async def a_slow_consumer_is_counted(before: float) -> None:
    """Wait until the server ends an operation because its client does not read."""

    async def is_counted() -> bool:
        return slow_consumers() > before

    await eventually(is_counted, 20)


def positions(scope: Scope, payloads: list[Any]) -> list[int]:
    """The positions in the log of the changes in these payloads."""
    return [from_cursor(scope, MEMBERS, payload["data"]["membershipChanges"]["cursor"]) for payload in payloads]


def count_until_cursor(scope: Scope, payloads: list[Any], errors: list[Any]) -> int:
    """The number of changes, which come in order; the error after them has the cursor of the last one."""
    received = positions(scope, payloads)
    assert received == list(range(1, len(received) + 1))
    (error,) = errors
    assert error["extensions"]["code"] == "SLOW_CONSUMER"
    assert from_cursor(scope, MEMBERS, error["extensions"]["cursor"]) == len(received)
    assert len(received) < MANY
    return len(received)


async def no_readers() -> bool:
    return not TAIL.readers


async def test_each_operation_of_a_slow_socket_gets_a_cursor_and_finds_the_rest_after_it(scope, address):
    bearer, before = await bearer_of(scope), slow_consumers()
    reader = await SocketReader.connect(address, bearer)
    for operation_id in ("one", "other"):
        await reader.subscribe(operation_id, FOLLOW, after=to_cursor(MEMBERS, scope.workspace_id, 0))
    await a_slow_consumer_is_counted(before)
    await eventually(no_readers)
    received = await reader.receive_all()
    reader.reader.close()
    for operation_id in ("one", "other"):
        *events, last = [message for message in received if message["id"] == operation_id]
        assert {message["type"] for message in events} <= {"next"}
        assert last["type"] == "error"
        count = count_until_cursor(scope, [message["payload"] for message in events], last["payload"])
        again = await SocketReader.connect(address, bearer)
        await again.subscribe("1", FOLLOW, after=last["payload"][0]["extensions"]["cursor"])
        rest = [(await again.receive())["payload"] for _ in range(MANY - count)]
        again.reader.close()
        assert positions(scope, rest) == list(range(count + 1, MANY + 1))


async def _distinct(address: str, bearer: str, query: dict[str, Any]) -> EventReader:
    return await EventReader.ask(address, "POST", {"authorization": f"Bearer {bearer}"}, query)


async def _single(address: str, bearer: str, query: dict[str, Any]) -> EventReader:
    headers = {"authorization": f"Bearer {bearer}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.put(f"http://{address}/graphql") as response:
            token = {"x-graphql-event-stream-token": await response.text()}
        body = {**query, "extensions": {"operationId": "mine"}}
        async with session.post(f"http://{address}/graphql", json=body, headers=token) as response:
            assert response.status == 202
    return await EventReader.ask(address, "GET", {**headers, **token})


@pytest.mark.parametrize("connect", [_distinct, _single])
async def test_a_slow_event_stream_gets_a_cursor(
    scope, address, connect: Callable[[str, str, dict[str, Any]], Awaitable[EventReader]]
):
    bearer, before = await bearer_of(scope), slow_consumers()
    query = {"query": FOLLOW, "variables": {"after": to_cursor(MEMBERS, scope.workspace_id, 0)}}
    reader = await connect(address, bearer, query)
    await a_slow_consumer_is_counted(before)
    await eventually(no_readers)
    received = await reader.receive_all()
    reader.reader.close()
    payloads = [data["payload"] if connect is _single else data for name, data in received if name == "next"]
    count_until_cursor(scope, payloads[:-1], payloads[-1]["errors"])
    assert received[-1] == ("complete", {"id": "mine"} if connect is _single else None)


async def test_a_socket_that_does_not_answer_pings_gets_a_cursor_before_it_is_closed(scope):
    limits = SocketLimits(init_seconds=0.2, ping_seconds=0.2)
    async with serving(application(sockets=limits)) as address:
        reader = await SocketReader.connect(address, await bearer_of(scope))
        await reader.subscribe("1", FOLLOW, after=to_cursor(MEMBERS, scope.workspace_id, MANY - 1))
        received = await reader.receive_all()
        reader.reader.close()
    assert [message["type"] for message in received] == ["next", "error"]
    cursor = received[1]["payload"][0]["extensions"]["cursor"]
    assert cursor == received[0]["payload"]["data"]["membershipChanges"]["cursor"]
    assert from_cursor(scope, MEMBERS, cursor) == MANY


def connections_of(address: str) -> int:
    """How many connections the server at this address, in this process, holds open."""
    port = int(address.rpartition(":")[2])
    connections = psutil.Process().net_connections("tcp")
    return sum(c.laddr.port == port and c.status not in ("LISTEN", "NONE") for c in connections)


def largest_buffers(monkeypatch: pytest.MonkeyPatch) -> dict[type, int]:
    """The largest write buffer of a connection in this process, by protocol class."""
    largest: dict[type, int] = {}

    def watch(kind: Any) -> None:
        send = kind.send

        async def watched(self: Any, message: Any) -> None:
            await send(self, message)
            largest[kind] = max(largest.get(kind, 0), self.transport.get_write_buffer_size())

        monkeypatch.setattr(kind, "send", watched)

    watch(WebSockets)
    watch(RequestResponseCycle)
    return largest


async def test_a_client_that_never_reads_again_is_disconnected_and_leaves_nothing_behind(scope, monkeypatch):
    monkeypatch.setattr("muster.protocols.UNREAD_SECONDS", 1)
    largest = largest_buffers(monkeypatch)
    before = len(asyncio.all_tasks())
    limits = {"sockets": SocketLimits(send_seconds=0.3), "streams": StreamLimits(send_seconds=0.3)}
    async with serving(application(**limits)) as address:
        bearer = await bearer_of(scope)
        started = len(asyncio.all_tasks())
        after = to_cursor(MEMBERS, scope.workspace_id, 0)
        reader = await SocketReader.connect(address, bearer)
        await reader.subscribe("1", FOLLOW, after=after)
        listener = await _distinct(address, bearer, {"query": FOLLOW, "variables": {"after": after}})

        async def nothing_left() -> bool:
            return await no_readers() and len(asyncio.all_tasks()) <= started and connections_of(address) == 0

        await eventually(nothing_left)
    assert all(CHUNK_BYTES < size < 2.5 * CHUNK_BYTES for size in largest.values()), largest
    assert len(largest) == 2
    reader.reader.close()
    listener.reader.close()
    assert len(asyncio.all_tasks()) <= before
