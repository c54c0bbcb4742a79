"""Drops activities that are kept no longer. Segments follow, as after any other deletion."""

from datetime import datetime
from typing import Final

from models import db
from models.db.distinct import distinct
from models.membership import dirty_contacts
from models.queue import work
from models.queue.enqueue import enqueue

AT_ONCE: Final = 2_000

# Kind by kind, because the index begins with it.
_KINDS: Final = distinct("activities", "kind", "workspace_id = $1")

_OLDEST: Final = """
    SELECT id FROM activities WHERE workspace_id = $1 AND kind = $2 AND occurred_at < $3
    ORDER BY occurred_at LIMIT $4 FOR UPDATE SKIP LOCKED
"""

_COUNT: Final = """
    SELECT count(*) FROM (
        SELECT 1 FROM activities WHERE workspace_id = $1 AND kind = $2 AND occurred_at < $3 LIMIT $4
    ) AS old
"""


async def drop_older_than(before: datetime, limit: int = AT_ONCE) -> int:
    """Drops up to `limit` activities. Returns how many: 0 when none is left."""

    async def drop(of: tuple[int, str], left: int) -> int:
        return await _drop(*of, before, left)

    return await db.up_to(limit, await _kinds(), drop)


async def count_older_than(before: datetime, most: int) -> int:
    """Counts what `drop_older_than` would drop, in all workspaces, up to `most`."""

    async def count(of: tuple[int, str], left: int) -> int:
        return int(await db.fetch_value(_COUNT, *of, before, left))

    return await db.up_to(most, await _kinds(), count)


async def _kinds() -> list[tuple[int, str]]:
    workspaces = await db.fetch("/* all workspaces */ SELECT id FROM workspaces ORDER BY id")
    return [(row["id"], kind["kind"]) for row in workspaces for kind in await db.fetch(_KINDS, row["id"])]


async def _drop(workspace_id: int, kind: str, before: datetime, limit: int) -> int:
    async with db.transaction():
        rows = await db.fetch(_OLDEST, workspace_id, kind, before, limit)
        if rows:
            async with dirty_contacts.as_bulk():
                await db.execute(
                    "DELETE FROM activities WHERE workspace_id = $1 AND id = ANY ($2)",
                    workspace_id,
                    [row["id"] for row in rows],
                )
            await enqueue(work.PROCESS_CHANGES, workspace_id)
    return len(rows)
