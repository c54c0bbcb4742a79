"""How long the logs are kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from models import clock, db
from models.changelog.events import EVENTS
from models.changelog.log import Log
from models.changelog.members import MEMBERS
from models.db import Record

LOGS: Sequence[Log[Any]] = (MEMBERS, EVENTS)


async def drop_older_than(kept: timedelta, log: Log[Any], limit: int = 5_000) -> int:
    """Drop up to `limit` appends of all workspaces, read or not. Returns how many.

    Positions before them are refused from then on.
    """
    before = clock.now() - kept

    async def drop(workspace_id: int, left: int) -> int:
        return await _drop(workspace_id, log, before, left)

    return await db.up_to(limit, [row["workspace_id"] for row in await db.fetch(_with_old(log), before)], drop)


@cache
def _with_old(log: Log[Any]) -> str:
    return f"""
        /* all workspaces */ SELECT h.workspace_id FROM {log.heads} AS h
        JOIN LATERAL (SELECT a.at FROM {log.appends} AS a WHERE a.workspace_id = h.workspace_id ORDER BY a.position LIMIT 1)
            AS oldest ON oldest.at < $1
        ORDER BY h.workspace_id
    """


async def _drop(workspace_id: int, log: Log[Any], before: datetime, limit: int) -> int:
    async with db.transaction():
        rows = await _oldest(workspace_id, log, before, limit)
        if rows:
            for table in (log.entries, log.appends):
                await _delete(table, workspace_id, rows)
            await db.execute(
                f"UPDATE {log.heads} SET floor = greatest(floor, $2) WHERE workspace_id = $1",
                workspace_id,
                rows[-1]["position"],
            )
    return len(rows)


async def _delete(table: str, workspace_id: int, appends: Sequence[Record]) -> None:
    ids = [row["append_id"] for row in appends]
    await db.execute(
        f"DELETE FROM {table} WHERE workspace_id = $1 AND append_id = ANY ($2::bigint[])", workspace_id, ids
    )


async def _oldest(workspace_id: int, log: Log[Any], before: datetime, limit: int) -> Sequence[Record]:
    return await db.fetch(
        f"""
        SELECT append_id, position FROM (
            SELECT append_id, position, at FROM {log.appends} WHERE workspace_id = $1 ORDER BY position LIMIT $3
        ) AS oldest WHERE at < $2 ORDER BY position
        """,
        workspace_id,
        before,
        limit,
    )


# ---------------------------------------------------------------- what was never in a log


LEFT: Final = timedelta(hours=1)
"""Longer than any transaction that appends."""


async def drop_unclosed(log: Log[Any], limit: int = 1_000) -> int:
    """Drop the entries of up to `limit` appends that were not closed, of all workspaces. Returns how many."""
    before = clock.now() - LEFT
    rows = await db.fetch(_WITH_UNCLOSED, log.name, before)

    async def drop(workspace_id: int, left: int) -> int:
        async with db.transaction():
            appends = await db.fetch(_UNCLOSED, workspace_id, log.name, before, left)
            await _delete(log.entries, workspace_id, appends)
        return len(appends)

    return await db.up_to(limit, [row["workspace_id"] for row in rows], drop)


_WITH_UNCLOSED = """
/* all workspaces */ SELECT DISTINCT workspace_id FROM unclosed_appends WHERE log = $1 AND at < $2 ORDER BY workspace_id
"""

_UNCLOSED = """
DELETE FROM unclosed_appends WHERE workspace_id = $1 AND log = $2 AND append_id IN (
    SELECT append_id FROM unclosed_appends WHERE workspace_id = $1 AND log = $2 AND at < $3 ORDER BY append_id LIMIT $4)
RETURNING append_id
"""
