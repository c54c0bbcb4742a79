"""Appending to a log, in the transaction of the change.

Readers do not see entries until `close` gives them positions. It comes last: until the commit no other transaction of the
workspace can close an append to the log, so positions become visible in order and without gaps.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from models import db
from models.changelog.hints import log_grew
from models.changelog.log import Log


@dataclass(slots=True)
class OpenAppend:
    """`size` entries so far, numbered from 1."""

    log: Log[Any]
    workspace_id: int
    at: datetime
    id: int
    size: int = 0


async def new_id(log: Log[Any]) -> int:
    append_id: int = await db.fetch_value(f"SELECT nextval('{log.append_ids}')")
    return append_id


async def begin(workspace_id: int, log: Log[Any], at: datetime) -> OpenAppend:
    """Starts an append, without taking a lock."""
    return OpenAppend(log, workspace_id, at, await new_id(log))


async def close(append: OpenAppend, *, unless_captured: bool = False) -> int | None:
    """Gives the entries their positions; returns the last one, or None when there are no entries.

    `unless_captured`: does nothing, and returns None, while entries wait that SQL made and that may come before these.
    """
    if not append.size:
        return None
    statement = _close(append.log, append.log.captured if unless_captured else None)
    position: int | None = await db.fetch_value(statement, append.workspace_id, append.size, append.id, append.at)
    if position is not None:
        await log_grew(append.workspace_id)
    return position


@cache
def _close(log: Log[Any], captured: str | None) -> str:
    unless = f"WHERE NOT EXISTS (SELECT 1 FROM {captured} WHERE workspace_id = $1)" if captured else ""
    return f"""
        WITH head AS (
            INSERT INTO {log.heads} AS head (workspace_id, position) SELECT $1, $2::integer {unless}
            ON CONFLICT (workspace_id) DO UPDATE SET position = head.position + $2::integer
            RETURNING position
        )
        INSERT INTO {log.appends} (workspace_id, position, size, append_id, at)
        SELECT $1, position, $2::integer, $3, $4 FROM head
        RETURNING position
        """
