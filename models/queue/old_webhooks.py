"""Drops what could not be processed of webhooks, when nobody has dealt with it for long."""

from datetime import datetime
from typing import Final

from models import db

AT_ONCE: Final = 1_000


_OLDEST: Final = "SELECT id FROM webhook_failures WHERE workspace_id = $1 AND failed_at < $2 ORDER BY id LIMIT $3"
_DROP: Final = "DELETE FROM webhook_failures WHERE workspace_id = $1 AND id = ANY ($2)"
_COUNT: Final = """
    SELECT count(*) FROM (SELECT 1 FROM webhook_failures WHERE workspace_id = $1 AND failed_at < $2 LIMIT $3) AS old
"""


async def drop_older_than(before: datetime, limit: int = AT_ONCE) -> int:
    """Drops up to `limit` items that failed before. Returns how many: 0 when none is left."""

    async def drop(workspace_id: int, left: int) -> int:
        ids = [row["id"] for row in await db.fetch(_OLDEST, workspace_id, before, left)]
        return await db.execute(_DROP, workspace_id, ids)

    return await db.up_to(limit, await _workspaces(before), drop)


async def count_older_than(before: datetime, most: int) -> int:
    """Counts what `drop_older_than` would drop, in all workspaces, up to `most`."""

    async def count(workspace_id: int, left: int) -> int:
        return int(await db.fetch_value(_COUNT, workspace_id, before, left))

    return await db.up_to(most, await _workspaces(before), count)


async def _workspaces(before: datetime) -> list[int]:
    sql = "/* all workspaces */ SELECT DISTINCT workspace_id FROM webhook_failures WHERE failed_at < $1 ORDER BY 1"
    return [row["workspace_id"] for row in await db.fetch(sql, before)]
