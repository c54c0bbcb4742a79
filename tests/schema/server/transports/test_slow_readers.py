"""Who does not read what it is given: costs little, is told where to go on, and has missed nothing when it does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import psutil
import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from models import db
from models.changelog.cursor import from_cursor, to_cursor
from models.changelog.members import MEMBERS
from models.changelog.tail import TAIL
from models.membership import manual_changes
from models.membership.origins import Origin
from muster.protocols import WebSockets
from permissions.principal import Scope
from schema.server.transports.socket import Socket, SocketLimits
from schema.server.transports.stream import Stream, StreamLimits
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
"""How long the server waits for somebody who does not read: twice, before it breaks off."""


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
async def place(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    app = application(
        sockets=SocketLimits(send_seconds=SECONDS, ping_seconds=60), streams=StreamLimits(send_seconds=SECONDS)
    )
    async with serving(app, request.param) as address:
        yield address


def told_of_calls(monkeypatch: pytest.MonkeyPatch, kind: type, name: str) -> asyncio.Event:
    """Set when the method is called, which goes on as ever."""
    called, method = asyncio.Event(), getattr(kind, name)

    async def wrapper(*args: Any) -> Any:
        called.set()
        return await method(*args)

    monkeypatch.setattr(kind, name, wrapper)
    return called


def positions(scope: Scope, payloads: list[Any]) -> list[int]:
    """Where the changes in these payloads stand in the log."""
    return [from_cursor(scope, MEMBERS, payload["data"]["membershipChanges"]["cursor"]) for payload in payloads]


def all_told(scope: Scope, payloads: list[Any], errors: list[Any]) -> int:
    """Where to go on: the changes come in order, and the error that follows them says just that place."""
    told = positions(scope, payloads)
    assert told == list(range(1, len(told) + 1))
    (error,) = errors
    assert error["extensions"]["code"] == "SLOW_CONSUMER"
    assert from_cursor(scope, MEMBERS, error["extensions"]["cursor"]) == len(told)
    assert len(told) < MANY
    return len(told)


async def nobody_follows() -> bool:
    return not TAIL.readers


async def test_over_a_socket_each_operation_is_told_where_to_go_on_and_finds_the_rest_there(scope, place, monkeypatch):
    bearer, slow = await bearer_of(scope), told_of_calls(monkeypatch, Socket, "_tell_where_to_go_on")
    reader = await SocketReader.connect(place, bearer)
    for number in ("one", "other"):
        await reader.subscribe(number, FOLLOW, after=to_cursor(MEMBERS, scope.workspace_id, 0))
    await asyncio.wait_for(slow.wait(), 20)
    await eventually(nobody_follows)
    heard = await reader.hear_all()
    reader.reader.close()
    for number in ("one", "other"):
        *told, last = [message for message in heard if message["id"] == number]
        assert {message["type"] for message in told} <= {"next"}
        assert last["type"] == "error"
        count = all_told(scope, [message["payload"] for message in told], last["payload"])
        again = await SocketReader.connect(place, bearer)
        await again.subscribe("1", FOLLOW, after=last["payload"][0]["extensions"]["cursor"])
        rest = [(await again.hear())["payload"] for _ in range(MANY - count)]
        again.reader.close()
        assert positions(scope, rest) == list(range(count + 1, MANY + 1))


async def _distinct(place: str, bearer: str, query: dict[str, Any]) -> EventReader:
    return await EventReader.ask(place, "POST", {"authorization": f"Bearer {bearer}"}, query)


async def _single(place: str, bearer: str, query: dict[str, Any]) -> EventReader:
    headers = {"authorization": f"Bearer {bearer}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.put(f"http://{place}/graphql") as response:
            token = {"x-graphql-event-stream-token": await response.text()}
        body = {**query, "extensions": {"operationId": "mine"}}
        async with session.post(f"http://{place}/graphql", json=body, headers=token) as response:
            assert response.status == 202
    return await EventReader.ask(place, "GET", {**headers, **token})


@pytest.mark.parametrize("connect", [_distinct, _single])
async def test_as_events_it_is_told_where_to_go_on(
    scope, place, monkeypatch, connect: Callable[[str, str, dict[str, Any]], Awaitable[EventReader]]
):
    bearer, slow = await bearer_of(scope), told_of_calls(monkeypatch, Stream, "_end")
    query = {"query": FOLLOW, "variables": {"after": to_cursor(MEMBERS, scope.workspace_id, 0)}}
    reader = await connect(place, bearer, query)
    await asyncio.wait_for(slow.wait(), 20)
    await eventually(nobody_follows)
    heard = await reader.hear_all()
    reader.reader.close()
    payloads = [data["payload"] if connect is _single else data for name, data in heard if name == "next"]
    all_told(scope, payloads[:-1], payloads[-1]["errors"])
    assert heard[-1] == ("complete", {"id": "mine"} if connect is _single else None)


async def test_a_socket_whose_pings_are_not_answered_is_told_where_to_go_on_before_it_is_closed(scope):
    limits = SocketLimits(init_seconds=0.2, ping_seconds=0.2)
    async with serving(application(sockets=limits)) as place:
        reader = await SocketReader.connect(place, await bearer_of(scope))
        await reader.subscribe("1", FOLLOW, after=to_cursor(MEMBERS, scope.workspace_id, MANY - 1))
        heard = await reader.hear_all()
        reader.reader.close()
    assert [message["type"] for message in heard] == ["next", "error"]
    cursor = heard[1]["payload"][0]["extensions"]["cursor"]
    assert cursor == heard[0]["payload"]["data"]["membershipChanges"]["cursor"]
    assert from_cursor(scope, MEMBERS, cursor) == MANY


def connections_of(place: str) -> int:
    """How many connections the server at this address, which is in this process, holds open."""
    port = int(place.rpartition(":")[2])
    open_ones = [one for one in psutil.Process().net_connections("tcp") if one.status not in ("LISTEN", "NONE")]
    return sum(one.laddr.port == port for one in open_ones)


def largest_buffers(monkeypatch: pytest.MonkeyPatch) -> dict[type, int]:
    """The most that has waited in this process to be written to a client, by kind of connection."""
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


async def test_who_never_reads_again_is_broken_off_and_leaves_nothing_behind(scope, monkeypatch):
    monkeypatch.setattr("muster.protocols.UNREAD_SECONDS", 1)
    largest = largest_buffers(monkeypatch)
    before = len(asyncio.all_tasks())
    limits = {"sockets": SocketLimits(send_seconds=0.3), "streams": StreamLimits(send_seconds=0.3)}
    async with serving(application(**limits)) as place:
        bearer = await bearer_of(scope)
        started = len(asyncio.all_tasks())
        after = to_cursor(MEMBERS, scope.workspace_id, 0)
        reader = await SocketReader.connect(place, bearer)
        await reader.subscribe("1", FOLLOW, after=after)
        listener = await _distinct(place, bearer, {"query": FOLLOW, "variables": {"after": after}})

        async def all_gone() -> bool:
            return await nobody_follows() and len(asyncio.all_tasks()) <= started and connections_of(place) == 0

        await eventually(all_gone)
    assert all(CHUNK_BYTES < size < 2.5 * CHUNK_BYTES for size in largest.values()), largest
    assert len(largest) == 2
    reader.reader.close()
    listener.reader.close()
    assert len(asyncio.all_tasks()) <= before
