"""What `muster doctor` says of the nodes of a cluster."""

import asyncpg
import pytest

from models import db
from models.db.nodes import Node
from muster.cluster import about, cluster
from muster.findings import Health
from muster.growth import growth
from muster.settings import Settings
from tests.kit.cluster import on_a_cluster, on_node, workers

FACTS = {
    "server_version": "17.6",
    "extension": "13.2-1",
    "max_connections": "100",
    "max_prepared_transactions": "200",
    "citus.enable_unsafe_triggers": "on",
    "citus.propagate_set_commands": "local",
}


def node(name: str, is_active: bool = True, answers: bool = True, **other: str) -> Node:
    facts = {**FACTS, **{key.replace("__", "."): value for key, value in other.items()}}
    return Node(f"{name}:5432", is_active, True, facts if answers else None)


def test_nodes_that_are_alike_have_nothing_wrong() -> None:
    assert {finding.health for finding in about([node("a"), node("b")])} == {Health.OK}


@pytest.mark.parametrize(
    ("odd", "what"),
    [
        (node("b", answers=False), "node b:5432 does not answer"),
        (node("b", is_active=False), "node b:5432 is not active"),
        (node("b", extension="12.1-1"), "the nodes have Citus 12.1-1, 13.2-1"),
        (node("b", server_version="16.1"), "the nodes have PostgreSQL 16.1, 17.6"),
        (node("b", citus__enable_unsafe_triggers="off"), "node b:5432 has citus.enable_unsafe_triggers = off"),
        (node("b", citus__propagate_set_commands="none"), "node b:5432 has citus.propagate_set_commands = none"),
        (node("b", max_prepared_transactions="0"), "node b:5432 has max_prepared_transactions = 0"),
    ],
    ids=["dead", "inactive", "extension", "version", "triggers", "settings", "prepared"],
)
def test_an_odd_node_is_named_with_a_remedy(odd: Node, what: str) -> None:
    (wrong,) = [finding for finding in about([node("a"), odd]) if finding.is_wrong]
    assert wrong.what.startswith(what)
    assert wrong.remedy


async def said(url: str) -> list[str]:
    return [finding.text() async for finding in cluster(url)]


@pytest.mark.skipif(bool(workers()), reason="MUSTER_TEST_DATABASE_URL names a cluster")
async def test_of_one_server_there_is_nothing_to_say(database: str) -> None:
    assert await said(database) == []


@on_a_cluster
async def test_each_node_and_the_tables_are_examined(connected_database: str, another_database: str) -> None:
    await db.disconnect()
    try:
        await db.connect(another_database, pool_max=2)
        lines = await said(another_database)
        assert all(line.startswith("ok ") for line in lines), lines
        assert len([line for line in lines if line.endswith(" answers")]) == len(workers()) + 1
        assert len([line for line in lines if line.endswith(" is reached directly from here")]) == len(workers())
        assert [line.endswith("on all nodes") async for line in _sizes()] == [True] * 5
        await _with_things_wrong(another_database)
    finally:
        await db.disconnect()
        await db.connect(connected_database, pool_max=10)


async def _sizes():
    async for finding in growth(Settings()):
        if finding.what.startswith("table "):
            yield finding.what


async def _with_things_wrong(url: str) -> None:
    await db.execute("CREATE TABLE strays (workspace_id bigint, id bigint, PRIMARY KEY (workspace_id, id))")
    host, port = workers()[0]
    worker = await asyncpg.connect(on_node(url, host, port))
    name = await worker.fetchval("SELECT current_database()")
    alone = "SET citus.enable_metadata_sync = off; SET citus.enable_ddl_propagation = off"
    await worker.execute(alone)
    await worker.execute(f"ALTER DATABASE {name} SET citus.propagate_set_commands = 'none'")
    try:
        await db.disconnect()
        await db.connect(url, pool_max=2)
        lines = "\n".join(await said(url))
        assert f"wrong     node {host}:{port} has citus.propagate_set_commands = none" in lines
        assert "1 tables of tenants lie on the coordinator alone, strays first" in lines
    finally:
        await worker.execute(f"ALTER DATABASE {name} RESET citus.propagate_set_commands")
        await worker.close()
        await db.execute("DROP TABLE strays")
