"""Drops jobs that ended long ago."""

from datetime import datetime
from typing import Final

from models import db

AT_ONCE: Final = 1_000

# An import keeps its row until its report and its data for undoing are gone.
_OLD: Final = """
    FROM jobs WHERE workspace_id = $1 AND created_at < $2 AND finished_at < $2
      AND status IN ('SUCCEEDED', 'FAILED', 'CANCELLED') AND (kind <> 'IMPORT' OR progress ? 'forgotten')
"""
_COUNT: Final = f"SELECT count(*) FROM (SELECT 1 {_OLD} LIMIT $3) AS old"  # noqa: S608


async def drop_older_than(before: datetime, limit: int = AT_ONCE) -> int:
    """Drops up to `limit` jobs that ended before. Returns how many: 0 when none is left."""

    async def drop(workspace_id: int, left: int) -> int:
        return await _drop(workspace_id, before, left)

    return await db.up_to(limit, await _workspaces(before), drop)


async def _drop(workspace_id: int, before: datetime, limit: int) -> int:
    rows = await db.fetch(f"SELECT id {_OLD} ORDER BY created_at LIMIT $3", workspace_id, before, limit)
    if not rows:
        return 0
    ids = [row["id"] for row in rows]
    return len(await db.fetch(f"DELETE {_OLD} AND id = ANY ($3) RETURNING id", workspace_id, before, ids))


async def count_older_than(before: datetime, most: int) -> int:
    """Counts what `drop_older_than` would drop, in all workspaces, up to `most`."""

    async def count(workspace_id: int, left: int) -> int:
        return int(await db.fetch_value(_COUNT, workspace_id, before, left))

    return await db.up_to(most, await _workspaces(before), count)


async def _workspaces(before: datetime) -> list[int]:
    """Those with jobs that began before."""
    return [row["id"] for row in await db.fetch(_WITH_OLD, before)]


_WITH_OLD: Final = """
    /* all workspaces */ SELECT w.id FROM workspaces AS w
    JOIN LATERAL (SELECT 1 FROM jobs AS j WHERE j.workspace_id = w.id AND j.created_at < $1 LIMIT 1) AS old ON true
    ORDER BY w.id
"""
