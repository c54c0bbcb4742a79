"""What waits in the queues of all workspaces. Plain reads, for metrics."""

from datetime import datetime
from typing import NamedTuple

from models import db


class Waiting(NamedTuple):
    """How many wait, and since when the oldest does; None when nothing waits."""

    waiting: int
    oldest_at: datetime | None


async def jobs() -> Waiting:
    """Jobs that no worker has begun."""
    return await _read(
        "/* all workspaces */ SELECT count(*), min(created_at) FROM jobs WHERE status = 'QUEUED' AND started_at IS NULL"
    )


async def webhooks() -> Waiting:
    """Webhooks that are stored and not yet processed."""
    return await _read("/* all workspaces */ SELECT count(*), min(received_at) FROM webhook_inbox")


async def _read(sql: str) -> Waiting:
    row = await db.fetch_row(sql)
    assert row is not None
    return Waiting(row[0], row[1])
