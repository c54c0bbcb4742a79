"""Finds the nodes of the cluster that the pool is connected to, and opens connections to them."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from models.db.codecs import set_codecs
from models.db.direct.reads import NodeReads
from models.db.direct.whereabouts import Address

CONNECT_SECONDS: Final = 5.0

_OF_NODES: Final = {"plan_cache_mode": "force_custom_plan", "default_transaction_read_only": "on"}
"""A generic plan of Citus is not made for one shard, and is slower. Nothing can be written here: sequences of a node give other
ids than those of the coordinator."""


def reads_at_nodes(
    pool: asyncpg.Pool, url: str, most: int, settings: Mapping[str, str], statements: Mapping[str, Any]
) -> NodeReads:
    """`pool` is connected to the coordinator by `url`; `settings` of the server and of `statements` are as there."""

    async def find(workspace_ids: Collection[int]) -> dict[int, Address]:
        rows = await pool.fetch(_FIND_NODES, list(workspace_ids))
        return {row["id"]: Address(row["host"], row["port"]) for row in rows}

    async def open_connection(address: Address, workspace_id: int) -> asyncpg.Connection:
        server = await pool.fetchval(_SERVER_OF, workspace_id)
        return await opened_node(address, url, workspace_id, server, settings, **statements)

    return NodeReads(find, open_connection, most)


async def opened_node(
    address: Address, url: str, workspace_id: int, server: int | None, settings: Mapping[str, str], **statements: Any
) -> asyncpg.Connection:
    """A connection that reads like those of the pool, and cannot write.

    Raises as `open_at` does, and ConnectionRefusedError when the server there is not `server`.
    """
    connection = await open_at(address, url, {**settings, **_OF_NODES}, **statements)
    try:
        if server is None or await connection.fetchval(SERVER) != server:
            raise ConnectionRefusedError("another server answers here than the coordinator reaches")
        await set_codecs(connection)
        await connection.fetchval(_FIRST, workspace_id)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def open_at(
    address: Address, url: str, settings: Mapping[str, str] | None = None, **statements: Any
) -> asyncpg.Connection:
    """Connects to the database of `url` on another server, with the same account. Raises TimeoutError too."""
    connection: asyncpg.Connection = await asyncpg.connect(
        url,
        host=address.host,
        port=address.port,
        target_session_attrs=SessionAttribute.any,  # of the URL: a session that only reads would not do for "read-write"
        server_settings=dict(settings or {}),
        timeout=CONNECT_SECONDS,
        **statements,
    )
    return connection


_FIND_NODES: Final = """
    WITH wanted AS MATERIALIZED (
        SELECT id, get_shard_id_for_distribution_column('workspaces', id) AS shard_id FROM unnest($1::bigint[]) AS id
    ), placed AS MATERIALIZED (
        SELECT id, (SELECT min(p.groupid) FROM pg_catalog.pg_dist_placement p WHERE p.shardid = shard_id) AS groupid FROM wanted
    )
    SELECT placed.id, n.nodename AS host, n.nodeport AS port FROM placed JOIN pg_catalog.pg_dist_node n USING (groupid)
    WHERE groupid > 0 AND n.noderole = 'primary' AND n.isactive AND n.shouldhaveshards AND n.hasmetadata AND n.metadatasynced
"""
"""Of workspaces, the node that holds each of them and knows where all others are. The coordinator is none."""

_SERVER_OF: Final = "SELECT (SELECT system_identifier FROM pg_control_system()), count(*) FROM workspaces WHERE id = $1"
"""Asked at the coordinator, and answered by the server on which the workspace lies, or would lie. From here its address may lead
elsewhere, as localhost does."""

SERVER: Final = "SELECT system_identifier FROM pg_control_system() WHERE NOT pg_is_in_recovery()"
"""Of the server that a connection leads to; nothing of a standby, which may be behind."""

_FIRST: Final = "SELECT 1 FROM workspaces WHERE id = $1"
"""The first statement reads what the node knows of the cluster, so nobody waits for it."""
