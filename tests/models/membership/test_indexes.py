"""The indexes that lines of custom fields are looked up in."""

import asyncio
from contextlib import asynccontextmanager
from contextvars import Context

import asyncpg
import pytest

from models import db
from models.membership import indexes
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.crossings import AnyCrossing, crossings_of
from tests.kit import cluster
from tests.kit.locks import wait_until_blocked
from tests.kit.segments import new_contacts
from tests.kit.workspaces import new_workspace

ON_ONE_NODE = {
    "citus.enable_ddl_propagation": "off",
    "citus.enable_manual_changes_to_shards": "on",
    "citus.override_table_visibility": "off",
}

A_PART = "SELECT min(relname) FROM pg_class WHERE relname ~ '^contacts_[0-9]+$'"

VALID_PARTS = """
    SELECT c.relname AS name FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indisvalid AND starts_with(c.relname, $1)
"""

READY = "SELECT i.indisvalid FROM pg_index AS i WHERE i.indexrelid = to_regclass($1)"


@pytest.fixture
async def lines(database):
    """Lines of three custom dates, of which nobody has asked before."""
    scope = await new_workspace()
    await new_contacts(scope, 3)
    keys = [f"day_of_index_{number}" for number in range(3)]
    for key in keys:
        await db.execute(
            "INSERT INTO contact_fields (workspace_id, key, label, type) VALUES ($1, $2, $2, 'DATE')",
            scope.workspace_id,
            key,
        )
    catalogue = await load_catalogue(scope)
    rules = [{"field": {"field": f"attributes.{key}", "operator": "WITHIN_LAST", "value": "P1D"}} for key in keys]
    found = [crossings_of(check(rule, catalogue)) for rule in rules]
    yield found
    for name in _names(found):
        await db.execute(f"DROP INDEX IF EXISTS {name}")


def _names(lines: list[tuple[AnyCrossing, ...]]) -> list[str]:
    return sorted({line.index.name for some in lines for line in some if line.index is not None})


async def _build(some) -> None:
    """Again and again, as a periodic task does."""
    while not await indexes.build(some):
        await asyncio.sleep(0.05)


async def _are_ready(lines) -> bool:
    return all([await db.fetch_value(READY, name) for name in _names(lines)])


async def test_parallel_builds_make_all_indexes(lines):
    """Of two that are built at once on a table PostgreSQL ends one: each waits for what the other sees."""
    assert len(_names(lines)) == 3
    await asyncio.gather(*(_build(some) for some in [*lines, *lines]))
    assert await _are_ready(lines)


async def test_an_invalid_index_is_built_again(lines):
    await _begin_and_die(lines[0])
    assert not await _are_ready(lines[:1])
    await _build(lines[0])
    assert await _are_ready(lines[:1])


@cluster.on_a_cluster
async def test_a_build_that_was_cut_off_on_a_node_is_begun_again(lines, database):
    (name,), here = _names(lines[:1]), cluster.every_node(database)[1]
    async with _on_one(here) as node, node.transaction():
        await node.execute(f"LOCK TABLE {await node.fetchval(A_PART)} IN ROW EXCLUSIVE MODE")
        building = asyncio.create_task(indexes.build(lines[0]))
        await wait_until_blocked()
        assert not await indexes.build(lines[0]), "it is being built"
        building.cancel()
        await asyncio.wait({building})
    await _build(lines[0])
    assert await _parts(database, name) == cluster.SHARDS


@cluster.on_a_cluster
@pytest.mark.parametrize("half", ["invalid on one node", "missing on one node", "unknown to the coordinator"])
async def test_an_index_that_nodes_have_in_part_is_built_again(lines, database, half):
    await _build(lines[0])
    (name,), node = _names(lines[:1]), cluster.every_node(database)[1]
    (part, *_) = await _valid(node, name)
    spoil = f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{part}'::regclass"
    async with _on_one(node) as there, _on_one(database) as coordinator:
        await there.execute(f"DROP INDEX {part}" if half == "missing on one node" else spoil)
        if half == "unknown to the coordinator":
            await coordinator.execute(f"DROP INDEX {name}")
    assert await _parts(database, name) == cluster.SHARDS - 1
    await _build(lines[0])
    assert await _are_ready(lines[:1])
    assert await _parts(database, name) == cluster.SHARDS


async def _parts(database: str, name: str) -> int:
    return sum([len(await _valid(node, name)) for node in cluster.every_node(database)])


async def _valid(node: str, name: str) -> list[str]:
    """The parts of an index on one node that are valid."""
    async with _on_one(node) as connection:
        return [row["name"] for row in await connection.fetch(VALID_PARTS, f"{name}_")]


@asynccontextmanager
async def _on_one(node: str):
    """A connection that changes what one node has by itself."""
    connection = await asyncpg.connect(node, server_settings=ON_ONE_NODE)
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_build_does_not_wait_for_another_index(lines):
    async with _being_built(lines[0]):
        assert not await asyncio.create_task(indexes.build(lines[1]), context=Context())
    await _build(lines[1])
    assert await _are_ready(lines[:2])


async def _begin_and_die(some) -> None:
    async with _being_built(some) as building:
        building.cancel()
        await asyncio.wait({building})


@asynccontextmanager
async def _being_built(some):
    """An index that cannot be finished, as long as a writer does not come to an end."""
    async with db.transaction():
        await db.execute("UPDATE contacts SET name = 'not yet'")
        building = asyncio.create_task(indexes.build(some), context=Context())
        await asyncio.create_task(_is_there(*_names([some])), context=Context())
        yield building
    await asyncio.wait({building})


async def _is_there(name: str) -> None:
    async with asyncio.timeout(10):
        while await db.fetch_value(READY, name) is None:
            await asyncio.sleep(0.01)
