"""Drops what could not be processed of webhooks, when nobody has dealt with it for long."""

from datetime import datetime
from typing import Final

from models import db

AT_ONCE: Final = 1_000


async def drop_older_than(before: datetime, limit: int = AT_ONCE) -> int:
    """Drops up to `limit` items that failed before. Returns how many: 0 when none is left."""
    dropped = 0
    for workspace_id in await _workspaces(before):
        rows = await db.fetch(
            "SELECT id FROM webhook_failures WHERE workspace_id = $1 AND failed_at < $2 ORDER BY id LIMIT $3",
            workspace_id,
            before,
            limit - dropped,
        )
        ids = [row["id"] for row in rows]
        await db.execute("DELETE FROM webhook_failures WHERE workspace_id = $1 AND id = ANY ($2)", workspace_id, ids)
        dropped += len(ids)
        if dropped >= limit:
            break
    return dropped


async def count_older_than(before: datetime, most: int) -> int:
    """Counts what `drop_older_than` would drop, in all workspaces, up to `most`."""
    count = 0
    for workspace_id in await _workspaces(before):
        count += await db.fetch_value(
            """
            SELECT count(*) FROM (
                SELECT 1 FROM webhook_failures WHERE workspace_id = $1 AND failed_at < $2 LIMIT $3
            ) AS old
            """,
            workspace_id,
            before,
            most - count,
        )
    return count


async def _workspaces(before: datetime) -> list[int]:
    sql = "/* all workspaces */ SELECT DISTINCT workspace_id FROM webhook_failures WHERE failed_at < $1 ORDER BY 1"
    return [row["workspace_id"] for row in await db.fetch(sql, before)]
