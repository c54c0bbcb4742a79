"""Waiting until a transaction waits for a lock, so that a test meets two transactions in a given order; and deadlocks."""

import asyncio
from typing import Final

import asyncpg

from models import db
from tests.kit import cluster


async def wait_until_blocked(most_seconds: float = 10.0) -> None:
    """Return as soon as some transaction of the server waits for a lock. Raises TimeoutError."""
    async with asyncio.timeout(most_seconds):
        while not await db.fetch_value(_IS_BLOCKED_ON_A_CLUSTER if cluster.workers() else _IS_BLOCKED):
            await asyncio.sleep(0.01)


_IS_BLOCKED: Final = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"
_IS_BLOCKED_ON_A_CLUSTER: Final = f"{_IS_BLOCKED} OR EXISTS (SELECT 1 FROM citus_locks WHERE NOT granted)"


async def deadlocks(database: str) -> int:
    """How many PostgreSQL has ended. A connection may tell what it met ten seconds later, but tells it when it ends."""
    await db.disconnect()
    counts = [await _deadlocks_on(url) for url in cluster.every_node(database)]
    await db.connect(database, pool_max=10)
    return sum(counts)


async def _deadlocks_on(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(10):
            while await connection.fetchval(_OTHERS, cluster.OF_THE_TESTS):
                await asyncio.sleep(0.01)
        return int(await connection.fetchval(_DEADLOCKS))
    finally:
        await connection.close()


_OTHERS: Final = """
    SELECT count(*) FILTER (WHERE application_name NOT LIKE 'citus_internal%' OR pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> $1
"""
"""Connections between the nodes of a cluster, which some searches keep open, are ended as they are counted."""

_DEADLOCKS: Final = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
