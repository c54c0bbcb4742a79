"""A node of a cluster that goes away at the commit is an outage, and never a success."""

import asyncpg
import pytest

from models import db
from models.db.outages import is_outage
from tests.kit.cluster import on_a_cluster, on_node

pytestmark = on_a_cluster

UPDATE = ["UPDATE workspaces SET name = 'changed' WHERE id = $1"]
COPY = [
    "SELECT count(*) FROM workspaces",
    "INSERT INTO tags (workspace_id, key, name) SELECT $1, n, n FROM unnest('{a,b}'::text[]) n",
]


async def node_of(url: str, workspace_id: int) -> str:
    """The URL of the node that the workspace lies on."""
    row = await db.fetch_row(
        """SELECT n.nodename AS host, n.nodeport AS port FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
           WHERE p.shardid = get_shard_id_for_distribution_column('workspaces', $1::bigint)""",
        workspace_id,
    )
    assert row is not None
    return on_node(url, row["host"], row["port"])


async def cut_off(node: str) -> None:
    """Ends what the coordinator has begun on a node of this database."""
    connection = await asyncpg.connect(node)
    ended = await connection.fetch(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"""
    )
    assert ended
    await connection.close()


@pytest.mark.parametrize("statements", [UPDATE, COPY], ids=["update", "copy"])
async def test_a_transaction_that_a_node_lost_fails_as_an_outage(statements: list[str], database: str) -> None:
    await db.execute("INSERT INTO workspaces (id, name) VALUES (1, 'one')")
    node = await node_of(database, 1)
    with pytest.raises(db.PostgresError) as failed:
        async with db.transaction():
            for statement in statements:
                await db.fetch(statement, *[1] * statement.count("$1"))
            await cut_off(node)
    assert is_outage(failed.value), repr(failed.value)
    assert db.is_passing(failed.value)
    assert await db.fetch_value("SELECT name FROM workspaces WHERE id = 1") == "one"
    assert await db.fetch_value("SELECT count(*) FROM tags WHERE workspace_id = 1") == 0
