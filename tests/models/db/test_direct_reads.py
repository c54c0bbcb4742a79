"""What only reads a workspace goes to its node when a connection is there, and nobody waits for one.

The node is played by the server of the tests, over connections of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from models import db
from models.contacts.create import create_contact
from models.contacts.find import find_contact
from models.db import shares
from models.db.direct import connections, reads, whereabouts
from models.db.direct.opening import SERVER, opened_node
from models.db.direct.reads import NodeReads
from models.db.direct.whereabouts import Address, Whereabouts
from models.db.outages import is_outage
from models.db.pool import sharing
from models.db.tables import Workspace
from tests.kit.workspaces import new_workspace

MOST = 4
IS_AT_NODE = "SELECT current_setting('default_transaction_read_only') = 'on'"
SLEEP = "SELECT pg_sleep(30)"


@dataclass
class Node:
    """Nothing is opened until `go`; `broken` is raised in place of it. `now` is the time by which things are kept and retried."""

    url: str
    server: int
    now: float = 1000.0
    asked: list[list[int]] = field(default_factory=list)
    opened: list[asyncpg.Connection] = field(default_factory=list)
    attempts: int = 0
    broken: Exception | None = None
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def find(self, workspace_ids: Collection[int]) -> dict[int, Address]:
        self.asked.append(sorted(workspace_ids))
        return {number: address_of(self.url) for number in workspace_ids if number > 0}

    async def open(self, address: Address, workspace_id: int) -> asyncpg.Connection:
        self.attempts += 1
        await self.go.wait()
        if self.broken is not None:
            raise self.broken
        made = await opened_node(address, self.url, workspace_id, self.server, {"timezone": "UTC"})
        self.opened.append(made)
        return made

    async def is_read(self, workspace_id: int | None = 1) -> bool:
        with db.read_at_node(workspace_id):
            return bool(await db.fetch_value(IS_AT_NODE))

    async def last_statement(self) -> str:
        """Of the connection that was opened last."""
        process = self.opened[-1].get_server_pid()
        with db.read_at_node(None):
            return str(await db.fetch_value("SELECT query FROM pg_stat_activity WHERE pid = $1", process))

    async def until_read(self) -> None:
        self.go.set()
        async with asyncio.timeout(10):
            while not await self.is_read():
                await asyncio.sleep(0.002)


def address_of(url: str) -> Address:
    """Of the server of the tests: the folder of its socket, or its host."""
    parts = urlsplit(url)
    return Address(parts.hostname or parse_qs(parts.query)["host"][0], parts.port or 5432)


@pytest.fixture
async def node(database: str) -> AsyncIterator[Node]:
    node = Node(database, await db.fetch_value(SERVER))
    own = NodeReads(node.find, node.open, MOST, now=lambda: node.now)
    before = reads.use(own)
    yield node
    node.go.set()
    reads.use(before)
    await own.close()
    assert all(connection.is_closed() for connection in node.opened)


async def test_reads_go_to_the_node_as_soon_as_it_is_reached_and_nobody_waits(node: Node) -> None:
    assert [await node.is_read() for _ in range(20)] == [False] * 20
    assert (node.attempts, node.asked) == (1, [[1]])
    await node.until_read()
    assert await node.is_read()
    assert not await node.is_read(None)
    assert not await db.fetch_value(IS_AT_NODE)
    assert not await node.is_read(-1), "this workspace lies on no node"


async def test_a_transaction_is_at_the_coordinator_and_its_commit_is_seen_at_the_node(node: Node) -> None:
    await node.until_read()
    with db.read_at_node(1):
        async with db.transaction():
            assert not await db.fetch_value(IS_AT_NODE)
            await Workspace.create(id=1, name="committed")
            assert await Workspace.all().count() == 1
        assert await db.fetch_value("SELECT name FROM workspaces WHERE id = 1") == "committed"
        assert "SELECT name" in await node.last_statement()


async def test_statements_of_the_orm_go_to_the_node_too(node: Node) -> None:
    await Workspace.create(id=1, name="one")
    await node.until_read()
    with db.read_at_node(1):
        assert (await Workspace.get(id=1)).name == "one"
        assert '"workspaces"' in await node.last_statement()
        assert await node.is_read(), "it was given back"
    assert (await Workspace.get(id=1)).name == "one"
    assert '"workspaces"' not in await node.last_statement(), "what is read outside of the block is read elsewhere"
    with db.read_at_node(1), pytest.raises(Exception, match="read-only"):
        await Workspace.create(name="two")


async def test_nothing_is_written_there_and_values_are_read_as_elsewhere(node: Node) -> None:
    await node.until_read()
    with db.read_at_node(1):
        with pytest.raises(db.PostgresError, match="read-only"):
            await db.execute("INSERT INTO workspaces (name) VALUES ('x')")
        there = await db.fetch_value("SELECT timestamptz 'infinity'")
    assert there == datetime.max.replace(tzinfo=UTC)
    assert await db.fetch_value("SELECT count(*) FROM workspaces") == 0


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), asyncpg.InvalidPasswordError("no")])
async def test_a_node_that_is_not_reached_is_left_alone_for_a_while(node: Node, error: Exception) -> None:
    node.broken = error
    node.go.set()
    for _ in range(10):
        assert not await node.is_read()
        await asyncio.sleep(0)
    assert node.attempts == 1
    node.broken = None
    node.now += connections.RETRY_SECONDS
    await node.until_read()
    assert node.attempts == 2


async def test_another_server_at_the_address_of_a_node_is_not_read(node: Node) -> None:
    node.server += 1
    node.go.set()
    for _ in range(30):
        assert not await node.is_read()
        await asyncio.sleep(0.005)
    assert (node.attempts, node.opened) == (1, [])


async def test_a_node_that_goes_away_and_comes_back(node: Node) -> None:
    await node.until_read()
    (used,) = node.opened
    node.broken = ConnectionRefusedError()
    with db.read_at_node(1):
        running = asyncio.create_task(db.fetch_value(SLEEP))
    await asyncio.sleep(0)
    await ends(used)
    with pytest.raises((OSError, db.PostgresError, asyncpg.InterfaceError)) as failed:
        await running
    assert is_outage(failed.value)
    assert not await node.is_read()
    node.now += connections.RETRY_SECONDS
    node.broken = None
    await node.until_read()
    await ends(node.opened[-1])
    assert not await node.is_read(), "an idle connection that was cut off is not used"
    await node.until_read()


async def ends(connection: asyncpg.Connection) -> None:
    """Ends its session on the server, and waits until it is seen here."""
    await db.fetch_value("SELECT pg_terminate_backend($1::int)", connection.get_server_pid())
    async with asyncio.timeout(10):
        while not connection.is_closed():
            await asyncio.sleep(0.002)


async def test_a_statement_that_is_cancelled_ends_there_and_one_that_fails_keeps_its_connection(node: Node) -> None:
    await node.until_read()
    (used,) = node.opened
    with db.read_at_node(1):
        with pytest.raises(db.PostgresError, match="division"):
            await db.fetch("SELECT 1 / 0")
        assert await db.fetch_value("SELECT pg_backend_pid()") == used.get_server_pid()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await db.fetch(SLEEP)
    async with asyncio.timeout(10):
        while await db.fetch_value("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", used.get_server_pid()):
            await asyncio.sleep(0.002)
    await node.until_read()
    assert len(node.opened) == 2


async def test_many_statements_have_at_most_so_many_connections_and_a_caller_its_part_of_all(node: Node) -> None:
    await node.until_read()

    async def some(number: int) -> bool:
        db.run_for("workspace", "caller")
        with db.read_at_node(1):
            return bool(await db.fetch_value(f"{IS_AT_NODE} FROM pg_sleep(0.01) WHERE $1 > 0", number))

    held = []
    for _ in range(8):
        tasks = [asyncio.create_task(some(number)) for number in range(1, 21)]
        await asyncio.sleep(0.005)
        held.append(sharing().by_caller.get("caller", 0))
        there = await asyncio.gather(*tasks)
    assert any(there)
    assert 0 < max(held) <= 10 * shares.CALLER_PART
    assert 1 < len(node.opened) <= MOST


async def test_the_end_waits_for_a_statement_that_runs(node: Node) -> None:
    own = NodeReads(node.find, node.open, MOST)
    node.go.set()
    reads.use(own)
    await node.until_read()
    with db.read_at_node(1):
        running = asyncio.create_task(db.fetch_value(f"{IS_AT_NODE} FROM pg_sleep(0.1)"))
        await asyncio.sleep(0.02)
    reads.use(None)
    await own.close()
    assert running.done()
    assert running.result()


async def test_connections_that_nobody_needs_are_closed(node: Node) -> None:
    await node.until_read()
    assert await node.is_read()
    (used,) = node.opened
    own = reads.use(None)
    assert own is not None
    reads.use(own)
    node.now += reads.REST_SECONDS + 1
    elsewhere = Address("elsewhere", 1)
    own._whereabouts._known[2] = (elsewhere, node.now + 1)
    await node.is_read(2)
    async with asyncio.timeout(10):
        while not used.is_closed():
            await asyncio.sleep(0.002)


async def test_a_contact_is_read_at_the_node_for_those_who_read_there_alone(node: Node) -> None:
    scope = await new_workspace()
    contact = await create_contact(scope, {"name": "Ana"})
    await node.until_read()

    async def read(at: int | None) -> str:
        with db.read_at_node(at):
            found = await find_contact(scope, "id", contact["id"])
        assert found is not None
        return str(found["name"])

    assert await read(scope.workspace_id) == "Ana"
    counted = node.opened[0]._protocol.queries_count
    assert await asyncio.gather(*(read(at) for at in (scope.workspace_id, None) * 5)) == ["Ana"] * 10
    assert node.opened[0]._protocol.queries_count == counted + 1, "the five that read there have one look-up"


async def test_where_workspaces_lie_is_asked_together_kept_for_a_while_and_only_of_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(whereabouts, "MOST_KEPT", 1_500)
    now, asked = [0.0], []

    async def find(ids: Collection[int]) -> dict[int, Address]:
        asked.append(sorted(ids))
        if 13 in ids:
            raise asyncpg.PostgresConnectionError("away")
        return {number: Address("a", number) for number in ids}

    places = Whereabouts(find, now=lambda: now[0])
    assert [places.node_of(number) for number in (1, 2, 1)] == [None, None, None]
    await asyncio.sleep(0.01)
    assert places.node_of(2) == Address("a", 2)
    assert places.node_of(13) is None
    await asyncio.sleep(0.01)
    assert places.node_of(13) is None
    assert asked == [[1, 2], [13]], "what could not be found is not asked again at once"
    now[0] = whereabouts.KEPT_SECONDS
    assert places.node_of(2) is None
    await asyncio.sleep(0.01)
    assert asked == [[1, 2], [13], [2]]
    for number in range(100, 100 + whereabouts.MOST_KEPT):
        places.node_of(number)
    await asyncio.sleep(0.05)
    assert len(places._known) == whereabouts.MOST_KEPT
    assert max(map(len, asked)) == whereabouts.MOST_AT_ONCE
    await places.close()
