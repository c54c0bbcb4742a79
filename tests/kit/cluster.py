"""Databases on all nodes of the Citus cluster that MUSTER_TEST_DATABASE_URL names. They are made once, and emptied between tests.

The named database is on the coordinator and knows the other nodes. A database beside it cannot be copied from a template there,
for the other nodes have parts of it.
"""

import asyncio
import contextlib
import functools
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

SHARDS: Final = 4
"""Of each table: enough for two workspaces on different nodes, and quick to make."""


OF_THE_TESTS: Final = "muster tests"
"""The name of connections that are kept, and that no test opened."""


def on_node(url: str, host: str, port: int) -> str:
    """The URL of the same database and account on another node."""
    parts = urlsplit(url)
    account, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{account}{at}{host}:{port}"))


@functools.cache
def workers() -> tuple[tuple[str, int], ...]:
    """Hosts and ports of the nodes beside the coordinator; none without a cluster. Call it first where no event loop runs."""
    url = os.environ.get("MUSTER_TEST_DATABASE_URL")
    return asyncio.run(_workers(url)) if url else ()


async def _workers(url: str) -> tuple[tuple[str, int], ...]:
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("SELECT to_regclass('pg_catalog.pg_dist_node') IS NOT NULL"):
            return ()
        nodes = await connection.fetch(
            "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0 AND isactive ORDER BY 2"
        )
        return tuple((node["nodename"], node["nodeport"]) for node in nodes)
    finally:
        await connection.close()


def every_node(url: str) -> list[str]:
    """URLs of the same database on all nodes of a cluster, or of the one server."""
    return [url, *(on_node(url, host, port) for host, port in workers())]


on_a_cluster: Final = pytest.mark.skipif(
    not workers(), reason="MUSTER_TEST_DATABASE_URL names no coordinator of a Citus cluster"
)


async def run(url: str, *statements: str) -> None:
    """Runs statements one by one, outside of the pool."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def _alone(beside: str) -> AsyncIterator[None]:
    """No other process of the tests is in such a block: with a node come its roles, which all databases of a server share, and of
    two that write them at once one fails."""
    connection = await asyncpg.connect(beside)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('a node is added'))")
        yield
    finally:
        await connection.close()


@dataclass
class Database:
    """A migrated and distributed database. `nodes` are its URLs on the workers."""

    url: str
    nodes: tuple[str, ...]
    connections: "dict[str, asyncpg.Connection[asyncpg.Record]]" = field(default_factory=dict)

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.strip("/")

    async def make(self, beside: str, *, exists: bool = False) -> None:
        """Makes it on each node, beside the database of that URL; on the coordinator, only where it does not exist."""
        for url in (self.url, *self.nodes):
            parts = urlsplit(url)
            if not exists or url != self.url:
                await run(on_node(beside, str(parts.hostname), parts.port or 5432), f"CREATE DATABASE {self.name}")
            await run(url, "CREATE EXTENSION citus")
        coordinator, *others = (urlsplit(url) for url in (self.url, *self.nodes))
        async with _alone(beside):
            await run(
                self.url,
                f"SELECT citus_set_coordinator_host('{coordinator.hostname}', {coordinator.port or 5432})",
                *(f"SELECT citus_add_node('{node.hostname}', {node.port})" for node in others),
                f"ALTER DATABASE {self.name} SET citus.shard_count = {SHARDS}",
            )

    async def migrate(self) -> None:
        """In another process, for this one may be connected to another database."""
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _MIGRATE, self.url)
        assert await process.wait() == 0, "it says above what is wrong"

    async def drop(self, beside: str) -> None:
        for url in (self.url, *self.nodes):
            if url in self.connections:
                await self.connections[url].close()
            parts = urlsplit(url)
            await _dropped(on_node(beside, str(parts.hostname), parts.port or 5432), self.name)

    async def empty(self) -> None:
        """Takes all rows out, on each node by itself. Sequences begin again there."""
        await self._on_each(_EMPTY)

    async def end_sessions(self) -> None:
        """Ends the connections that processes of a test left open."""
        await self._on_each(_END)

    async def _on_each(self, script: str) -> None:
        await asyncio.gather(*(self._on(url, script) for url in (self.url, *self.nodes)))

    async def _on(self, url: str, script: str) -> None:
        """Over a connection that is kept, for to begin one takes as long as the rest."""
        kept = self.connections.get(url)
        if kept is None or kept.is_closed():
            kept = self.connections[url] = await asyncpg.connect(
                url, server_settings={"application_name": OF_THE_TESTS}
            )
            await kept.execute(_WRITES_TO_SHARDS)
        await kept.execute(script)


async def _dropped(beside: str, name: str) -> None:
    """FORCE waits five seconds for the sessions that it ends, which on a busy machine may need longer."""
    for patience in range(_PATIENCE, -1, -1):
        try:
            await run(beside, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        except asyncpg.ObjectInUseError:
            if not patience:
                raise
        else:
            return


_PATIENCE: Final = 10

_MIGRATE: Final = """
import asyncio, sys
from models import db
from models.db import migrations

async def main():
    await db.connect(sys.argv[1], pool_max=2)
    await migrations.migrate()
    await db.disconnect()

asyncio.run(main())
"""

_END: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

_WRITES_TO_SHARDS: Final = """
    SET session_replication_role = replica;
    SET citus.enable_manual_changes_to_shards = on;
    SET citus.override_table_visibility = off
"""

_EMPTY: Final = """
    DO $$
    DECLARE
        used regclass;
    BEGIN
        FOR used IN
            SELECT oid FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'schema_migrations'
                AND pg_relation_size(oid) > 0
        LOOP
            EXECUTE 'DELETE FROM ' || used;
        END LOOP;
        PERFORM setval(oid, (SELECT seqmin FROM pg_sequence WHERE seqrelid = oid), false) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
            AND CASE WHEN relkind = 'S' THEN pg_sequence_last_value(oid) IS NOT NULL END;
    END $$
"""
"""Of the tables on a node, most were never written to."""


class Shelf:
    """Databases of this process of the tests: given out empty, and put back."""

    def __init__(self, beside: str) -> None:
        self.beside = beside
        self.made: list[Database] = []
        self.free: list[Database] = []

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[Database]:
        database = self.free.pop() if self.free else await self._another()
        await database.empty()
        try:
            yield database
        finally:
            await database.end_sessions()
            self.free.append(database)

    async def _another(self) -> Database:
        url = urlunsplit(urlsplit(self.beside)._replace(path=f"/muster_test_{os.getpid()}_nodes_{len(self.made)}"))
        database = Database(url, tuple(every_node(url)[1:]))
        self.made.append(database)
        await database.make(self.beside)
        await database.migrate()
        return database

    async def empty(self, url: str) -> None:
        """Empties the database of that URL, which was given out."""
        await next(database for database in self.made if database.url == url).empty()

    async def clear(self) -> None:
        for database in self.made:
            await database.drop(self.beside)
