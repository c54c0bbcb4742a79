"""On a cluster, what only reads a workspace goes to the server that holds it, and sees each commit."""

import asyncio

import pytest

from models import db
from models.db.direct.opening import SERVER, open_at, opened_node
from models.db.direct.whereabouts import Address
from tests.kit.cluster import on_a_cluster, workers

pytestmark = on_a_cluster

PORT = "SELECT inet_server_port() FROM workspaces WHERE id = $1"
WHERE = """
    SELECT n.nodeport FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
    WHERE p.shardid = get_shard_id_for_distribution_column('workspaces', $1::bigint)
"""
IS_AT_NODE = "SELECT current_setting('default_transaction_read_only') = 'on'"


async def until_read_at_its_node(workspace_id: int) -> None:
    with db.read_at_node(workspace_id):
        async with asyncio.timeout(10):
            while not await db.fetch_value(IS_AT_NODE):
                await asyncio.sleep(0.01)


async def test_each_workspace_is_read_on_its_own_server_and_sees_what_was_committed(database: str) -> None:
    ports = set()
    for number in range(1, 9):
        await db.execute("INSERT INTO workspaces (id, name) VALUES ($1, 'none')", number)
        await until_read_at_its_node(number)
        with db.read_at_node(number):
            port = await db.fetch_value(PORT, number)
        assert port == await db.fetch_value(WHERE, number)
        ports.add(port)
        for change in range(5):
            await db.execute("UPDATE workspaces SET name = $2 WHERE id = $1", number, f"name {change}")
            with db.read_at_node(number):
                assert await db.fetch_value("SELECT name FROM workspaces WHERE id = $1", number) == f"name {change}"
    assert len(ports) > 1


async def test_a_node_answers_for_workspaces_of_other_nodes_too(database: str) -> None:
    """As it is asked when a workspace has moved lately."""
    for number in range(1, 9):
        await db.execute("INSERT INTO workspaces (id, name) VALUES ($1, 'some')", number)
    await until_read_at_its_node(1)
    with db.read_at_node(1):
        for number in range(1, 9):
            assert await db.fetch_value("SELECT name FROM workspaces WHERE id = $1", number) == "some"
            assert await db.fetch_value(IS_AT_NODE)


async def test_names_of_workspaces_that_are_not_there_keep_nobody_from_a_node(database: str) -> None:
    for number in range(1_000_001, 1_000_009):
        await until_read_at_its_node(number)


async def test_another_server_than_the_coordinator_reaches_is_refused(database: str) -> None:
    one, other = (Address(*node) for node in workers()[:2])
    connection = await opened_node(one, database, 1, await _server(one, database), {})
    await connection.close()
    with pytest.raises(ConnectionRefusedError, match="another server"):
        await opened_node(one, database, 1, await _server(other, database), {})


async def _server(address: Address, url: str) -> int:
    connection = await open_at(address, url)
    try:
        return int(await connection.fetchval(SERVER))
    finally:
        await connection.close()
