"""Drops enrollments that ended long ago. Counts stay, and so does what decides whether a contact may enter again."""

from datetime import datetime
from typing import Final

from models import db

AT_ONCE: Final = 5_000


async def drop_older_than(before: datetime, limit: int = AT_ONCE) -> int:
    """Drops up to `limit` enrollments that ended before. Returns how many: 0 when none is left."""

    async def drop(workspace_id: int, left: int) -> int:
        return await db.execute(_DROP, workspace_id, before, left)

    return await db.up_to(limit, [row["id"] for row in await db.fetch(_WITH_OLD, before)], drop)


_WITH_OLD: Final = """
/* all workspaces */ SELECT w.id FROM workspaces AS w
JOIN LATERAL (SELECT 1 FROM enrollments_ended AS e WHERE e.workspace_id = w.id AND e.ended_at < $1 LIMIT 1) AS old ON true
ORDER BY w.id
"""


_DROP = """
DELETE FROM enrollments_ended WHERE workspace_id = $1 AND id IN (
    SELECT id FROM enrollments_ended WHERE workspace_id = $1 AND ended_at < $2 ORDER BY ended_at LIMIT $3)
"""
