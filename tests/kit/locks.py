"""Waiting until a transaction waits for a lock, so that a test meets two transactions in a given order."""

import asyncio

from models import db
from tests.kit import cluster


async def wait_until_blocked(most_seconds: float = 10.0) -> None:
    """Return as soon as some transaction of the server waits for a lock. Raises TimeoutError."""
    async with asyncio.timeout(most_seconds):
        while not await db.fetch_value(_IS_BLOCKED_ON_A_CLUSTER if cluster.workers() else _IS_BLOCKED):
            await asyncio.sleep(0.01)


_IS_BLOCKED = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"
_IS_BLOCKED_ON_A_CLUSTER = f"{_IS_BLOCKED} OR EXISTS (SELECT 1 FROM citus_locks WHERE NOT granted)"
