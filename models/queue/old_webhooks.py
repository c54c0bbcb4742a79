"""Drops webhooks that could not be processed and that nobody has dealt with for long."""

from datetime import datetime
from typing import Final

from models import clock, db
from models.queue import leases
from models.queue.inbox import LEASES

AT_ONCE: Final = 1_000

_OLD: Final = f"FROM webhook_inbox WHERE workspace_id = $1 AND received_at < $2 AND {leases.spent(LEASES, '$3')}"


async def drop_older_than(before: datetime, limit: int = AT_ONCE) -> int:
    """Drops up to `limit` failed webhooks of one workspace. Returns how many: 0 when none is left."""
    for workspace_id in await _workspaces():
        rows = await db.fetch(f"SELECT id {_OLD} ORDER BY id LIMIT $4", workspace_id, before, clock.now(), limit)
        if rows:
            await db.execute(
                f"DELETE {_OLD} AND id = ANY ($4)",
                workspace_id,
                before,
                clock.now(),
                [row["id"] for row in rows],
            )
            return len(rows)
    return 0


async def count_older_than(before: datetime, most: int) -> int:
    """Counts what `drop_older_than` would drop, in all workspaces, up to `most`."""
    count = 0
    for workspace_id in await _workspaces():
        sql = f"SELECT count(*) FROM (SELECT 1 {_OLD} LIMIT $4) AS old"  # noqa: S608
        count += await db.fetch_value(sql, workspace_id, before, clock.now(), most - count)
    return count


async def _workspaces() -> list[int]:
    return [row["id"] for row in await db.fetch("SELECT id FROM workspaces ORDER BY id")]
