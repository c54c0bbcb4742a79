"""What the nodes of a Citus cluster say of themselves. Ask only where `distribution.is_cluster`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from models.db.direct.opening import SERVER, open_at
from models.db.direct.whereabouts import Address
from models.db.json import load_json
from models.db.statements import fetch, fetch_value

SETTINGS: Final[Mapping[str, str]] = {
    "citus.enable_unsafe_triggers": "on",
    "citus.propagate_set_commands": "local",
}
"""What each node has to be set to: tables have triggers, and SET LOCAL reaches the node that a workspace lies on."""


@dataclass(frozen=True)
class Node:
    """A server of the cluster; `facts` are its version of the extension and its settings, None when it does not answer.

    `takes_reads`: API processes read at it directly, where they can.
    """

    address: str
    is_active: bool
    holds_tenants: bool
    facts: Mapping[str, str] | None
    takes_reads: bool = False


async def all_nodes() -> list[Node]:
    """Returns the coordinator and the other nodes. One that does not answer has no facts."""
    return [
        Node(
            row["address"],
            row["isactive"],
            row["shouldhaveshards"],
            load_json(row["result"]) if row["success"] else None,
            row["takes_reads"],
        )
        for row in await fetch(_NODES, _FACTS)
    ]


_NODES: Final = """
    SELECT n.nodename || ':' || n.nodeport AS address, n.isactive, n.shouldhaveshards, a.success, a.result,
        n.isactive AND n.shouldhaveshards AND n.groupid > 0 AND n.hasmetadata AND n.metadatasynced AS takes_reads
    FROM pg_catalog.pg_dist_node n LEFT JOIN run_command_on_all_nodes($1, true, true) AS a USING (nodeid)
    WHERE n.noderole = 'primary' ORDER BY n.groupid
"""

_FACTS: Final = """
    SELECT jsonb_object_agg(name, current_setting(name)) || jsonb_build_object('extension',
        (SELECT extversion FROM pg_extension WHERE extname = 'citus'),
        'server', (SELECT system_identifier::text FROM pg_control_system()))
    FROM unnest(ARRAY['server_version', 'max_connections', 'max_prepared_transactions', 'citus.enable_unsafe_triggers',
        'citus.propagate_set_commands']) AS name
"""


async def why_not_reached(node: Node, url: str) -> str | None:
    """Connects to a node that answers, as API processes do that have `url`. Returns why that fails, or None."""
    assert node.facts is not None
    host, _, port = node.address.rpartition(":")
    try:
        connection = await open_at(Address(host, int(port)), url)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return str(error) or type(error).__name__
    try:
        is_it = str(await connection.fetchval(SERVER)) == node.facts["server"]
    finally:
        await connection.close()
    return None if is_it else "another server answers there"


async def lacks_parts(table: str, index: str) -> bool:
    """Whether an index of a distributed table is missing or invalid on a node that answers and holds a part of the table.

    The coordinator alone does not know: an index is made on each node by itself, and what is cut off leaves halves.
    """
    return bool(await fetch_value(_PARTS, _LACKING, table, index))


_PARTS: Final = """
    SELECT EXISTS (SELECT FROM run_command_on_all_nodes(format($1, $2::text, $3::text)) WHERE success AND result <> '0')
"""

_LACKING: Final = """
    SELECT count(*) FROM pg_catalog.pg_dist_shard s JOIN pg_catalog.pg_dist_placement p USING (shardid)
        JOIN pg_catalog.pg_dist_local_group g ON g.groupid = p.groupid
    WHERE s.logicalrelid = %1$L::regclass AND NOT EXISTS (SELECT FROM pg_index i
        WHERE i.indisvalid AND i.indexrelid = to_regclass(shard_name(to_regclass(%2$L), s.shardid)))
"""


async def shards_to_move() -> int:
    """Returns how many shards Citus would move to spread the data evenly over the nodes."""
    return int(await fetch_value("SELECT count(*) FROM get_rebalance_table_shards_plan()"))


async def largest_tables(most: int) -> list[tuple[str, int]]:
    """Returns names, and bytes with indexes on all nodes."""
    return [(row["name"], row["bytes"]) for row in await fetch(_LARGEST, most)]


_LARGEST: Final = """
    SELECT table_name::text AS name, sum(shard_size)::bigint AS bytes FROM citus_shards
    GROUP BY table_name ORDER BY bytes DESC, name LIMIT $1
"""
