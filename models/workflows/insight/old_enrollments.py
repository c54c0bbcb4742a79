"""Drops enrollments that ended long ago. Counts stay, and so does what decides whether a contact may enter again."""

from datetime import datetime
from typing import Final

from models import db

AT_ONCE: Final = 5_000


async def drop_older_than(before: datetime, limit: int = AT_ONCE) -> int:
    """Drops up to `limit` enrollments of one workspace that ended before. Returns how many: 0 when none is left."""
    for row in await db.fetch("/* all workspaces */ SELECT id FROM workspaces ORDER BY id"):
        dropped = await db.execute(_DROP, row["id"], before, limit)
        if dropped:
            return dropped
    return 0


_DROP = """
DELETE FROM enrollments_ended WHERE workspace_id = $1 AND id IN (
    SELECT id FROM enrollments_ended WHERE workspace_id = $1 AND ended_at < $2 ORDER BY ended_at LIMIT $3)
"""
