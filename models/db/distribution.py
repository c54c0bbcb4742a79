"""Spreads the tables over the nodes of a Citus cluster. On a PostgreSQL without Citus it changes nothing.

The rows of a workspace lie together on one node: each table of tenants is distributed by workspace_id, beside `workspaces` by id.
A table of a new migration is local to the coordinator until `distribute` takes it, so each `muster migrate` ends with that.
"""

from collections.abc import Collection, Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Final

from models.db.locks import advisory_lock
from models.db.statements import execute, fetch, fetch_value
from models.db.transactions import transaction

LOCAL: Final[Mapping[str, str]] = {
    "schema_migrations": "which migrations this database has had",
    "sign_in_attempts": "nobody is signed in yet",
    "sign_in_emails": "says where an e-mail address signs in",
    "old_api_tokens": "says where a secret is that does not name its workspace",
}
"""Tables that belong to no workspace, and why. They stay on the coordinator."""

TENANTS: Final = "workspaces"


async def is_cluster() -> bool:
    """Whether this database has the extension Citus."""
    return bool(await fetch_value("SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL"))


async def undistributed() -> list[str]:
    """Returns the tables of tenants that lie on the coordinator alone, each after those that its foreign keys name."""
    if not await is_cluster():
        return []
    names = {row["name"] for row in await fetch(_UNDISTRIBUTED, TENANTS)} - LOCAL.keys()
    if not names:
        return []
    foreign_keys = await references()
    triggers = {row["name"] for row in await fetch(_WITH_TRIGGERS)}
    return parents_first(names, [*foreign_keys, *written_by_triggers(names, foreign_keys, triggers)])


_UNDISTRIBUTED: Final = """
    SELECT c.relname::text AS name FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        AND (c.relname = $1 OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id'))
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid = c.oid AND p.partmethod = 'h')
"""


async def references() -> list[tuple[str, str]]:
    """Returns pairs of a table and another one that its foreign keys name."""
    return [(row["child"], row["parent"]) for row in await fetch(_REFERENCES)]


_REFERENCES: Final = """
    SELECT child.relname::text AS child, parent.relname::text AS parent
    FROM pg_constraint k JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid
    WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace AND k.conrelid <> k.confrelid
"""


_WITH_TRIGGERS: Final = """
    SELECT DISTINCT c.relname::text AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
"""


def written_by_triggers(
    tables: Collection[str], foreign_keys: Collection[tuple[str, str]], with_triggers: Collection[str]
) -> list[tuple[str, str]]:
    """Pairs as those of `parents_first`: triggers write into tables that have neither keys nor triggers, also while rows move."""
    plain = (
        set(tables) - {child for child, parent in foreign_keys if parent != TENANTS} - set(with_triggers) - {TENANTS}
    )
    return [(table, other) for table in set(with_triggers) & set(tables) - {TENANTS} for other in sorted(plain)]


def parents_first(tables: Iterable[str], foreign_keys: Iterable[tuple[str, str]]) -> list[str]:
    """Orders tables so that each comes after those that it refers to, `workspaces` first.

    `foreign_keys` are pairs as of `references`. Raises CycleError when tables refer to one another.
    """
    before: dict[str, set[str]] = {table: {TENANTS} - {table} for table in sorted(tables)}
    for child, parent in foreign_keys:
        if child in before:
            before[child].add(parent)
    return [table for table in TopologicalSorter(before).static_order() if table in before]


async def distribute() -> list[str]:
    """Distributes what is not distributed yet, with its rows and foreign keys. Returns the tables that it took.

    Each table is a transaction of its own, for all in one would need more locks than a server allows. A run that ends halfway
    leaves the others local, and the next one takes them. The role needs no more than to own the tables, on each node.
    """
    tables = await undistributed()
    if tables:
        await _spread_functions()
    taken = [table for table in tables if await _distribute(table)]
    if taken:
        await _free_moved_rows()
    return taken


async def _spread_functions() -> None:
    """Makes the functions that are older than the extension on the other nodes too, where triggers and defaults call them."""
    for row in await fetch(_FUNCTIONS):
        await fetch_value("SELECT create_distributed_function($1::text::regprocedure)", row["name"])


_FUNCTIONS: Final = """
    SELECT p.oid::regprocedure::text AS name FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_depend d
            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_dist_object o
            WHERE o.classid = 'pg_proc'::regclass AND o.objid = p.oid)
    ORDER BY p.oid
"""


async def _distribute(table: str) -> bool:
    """Returns False when another process took the table meanwhile."""
    async with transaction():
        await advisory_lock("muster:migrate")
        if table not in await undistributed():
            return False
        await _say_that_nothing_changes()
        await fetch_value(_DISTRIBUTE_TENANTS if table == TENANTS else _DISTRIBUTE, f'"{table}"')
        return True


_DISTRIBUTE_TENANTS: Final = "SELECT create_distributed_table($1::text::regclass, 'id', colocate_with => 'none')"
_DISTRIBUTE: Final = (
    "SELECT create_distributed_table($1::text::regclass, 'workspace_id', colocate_with => 'workspaces')"
)


async def _free_moved_rows() -> None:
    """Takes away what lies on the coordinator still, unseen, of rows that were moved to other nodes."""
    async with transaction():
        await advisory_lock("muster:migrate")
        await _say_that_nothing_changes()
        await execute(_FREE)


_FREE: Final = """
    SELECT truncate_local_data_after_distributing_table(logicalrelid) FROM pg_catalog.pg_dist_partition
    WHERE partmethod = 'h' AND pg_relation_size(logicalrelid) > 0
"""


async def _say_that_nothing_changes() -> None:
    """To triggers, which see rows that move as new ones, and those that are freed as deleted."""
    await execute("SET LOCAL statement_timeout = 0")
    await execute("SET LOCAL muster.capture = 'off'")
    await execute("SET LOCAL muster.members = 'logged'")


async def prepare_for_changes() -> None:
    """Lets the ambient transaction change the definitions of several distributed tables, and their rows."""
    if await is_cluster():
        await execute("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
