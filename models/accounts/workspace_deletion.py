"""Deletes a workspace with all that it holds, in chunks. It may die at any line, and be repeated."""

from collections.abc import AsyncIterator, Sequence
from graphlib import TopologicalSorter
from typing import Final, NamedTuple

from models import clock, db
from models.accounts import audit_log, sign_in_emails
from permissions.principal import Scope

ROWS_AT_ONCE: Final = 5_000


class _Table(NamedTuple):
    """A table of tenants. `key` has the columns of its primary key after workspace_id."""

    name: str
    key: Sequence[str]


# From then on nobody signs in, no job goes on, nothing is sent, and no webhook is stored.
_STOP: Final = (
    *("members", "api_tokens", "jobs", "provider_requests", "message_sources", "whatsapp_channels", "audiences"),
    "webhook_endpoints",
)


async def begin(scope: Scope) -> None:
    """Stops all that works on the workspace. Members, tokens, channels and unfinished work are gone after this."""
    async with db.transaction():
        await audit_log.record(scope, "workspace_delete", "Workspace", scope.workspace_id)
        moment = clock.now()
        await db.execute(
            "UPDATE workspaces SET deleted_at = coalesce(deleted_at, $2) WHERE id = $1", scope.workspace_id, moment
        )
        for table in _STOP:
            await db.execute(f"DELETE FROM {table} WHERE workspace_id = $1", scope.workspace_id)  # noqa: S608
        await sign_in_emails.remove_all(scope.workspace_id)
        await db.execute("DELETE FROM old_api_tokens WHERE workspace_id = $1", scope.workspace_id)


async def delete_rows(workspace_id: int) -> AsyncIterator[int]:
    """Yields the number of deleted rows after each chunk. What is written meanwhile is deleted as well."""
    tables = await _tables()
    while True:
        deleted = 0
        for table in tables:
            async for count in _each_chunk(workspace_id, table):
                deleted += count
                yield count
        if deleted == 0:
            return


async def end(workspace_id: int) -> None:
    """Deletes the workspace itself, with what was written last."""
    async with db.transaction():
        await db.fetch("SELECT 1 FROM workspaces WHERE id = $1 FOR UPDATE", workspace_id)
        async for _ in delete_rows(workspace_id):
            pass
        await db.execute("DELETE FROM workspaces WHERE id = $1", workspace_id)


async def _each_chunk(workspace_id: int, table: _Table) -> AsyncIterator[int]:
    while True:
        async with db.transaction():
            # What the triggers would write belongs to the workspace, too.
            await db.execute("SET LOCAL muster.capture = 'off'")
            await db.execute("SET LOCAL muster.members = 'logged'")
            deleted = await db.execute(_chunk_of(table), workspace_id)
        if deleted:
            yield deleted
        if deleted < ROWS_AT_ONCE:
            return


def _chunk_of(table: _Table) -> str:
    """The last rows first: a broadcast that retries another comes after it."""
    if not table.key:
        return f"DELETE FROM {table.name} WHERE workspace_id = $1"  # noqa: S608
    key, last = ", ".join(table.key), ", ".join(f"{column} DESC" for column in table.key)
    chosen = f"SELECT {key} FROM {table.name} WHERE workspace_id = $1 ORDER BY {last} LIMIT {ROWS_AT_ONCE}"  # noqa: S608
    return f"DELETE FROM {table.name} WHERE workspace_id = $1 AND ({key}) IN ({chosen})"  # noqa: S608


# ---------------------------------------------------------------- which tables

_KEYS = """
    SELECT quote_ident(c.relname) AS name, array_agg(quote_ident(a.attname) ORDER BY k.place) AS columns
    FROM pg_class c
    JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    GROUP BY c.relname ORDER BY c.relname
"""

_REFERENCES = """
    SELECT quote_ident(c.relname) AS name, quote_ident(target.relname) AS target
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class target ON target.oid = f.confrelid
    WHERE f.contype = 'f' AND f.conrelid <> f.confrelid AND f.connamespace = 'public'::regnamespace
"""


async def _tables() -> list[_Table]:
    """Returns all tables of tenants from PostgreSQL's catalogue: those that refer to others first."""
    keys = {row["name"]: row["columns"] for row in await db.fetch(_KEYS)}
    tables = {name: _Table(name, columns[1:]) for name, columns in keys.items() if columns[0] == "workspace_id"}
    order = TopologicalSorter[str](dict.fromkeys(tables, ()))
    for row in await db.fetch(_REFERENCES):
        if row["target"] in tables:
            order.add(row["target"], row["name"])
    return [tables[name] for name in order.static_order()]
