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
    append_id: int = await db.fetch_value("SELECT nextval($1::text::regclass)", log.append_ids)
    return append_id


async def begin(workspace_id: int, log: Log[Any], at: datetime) -> OpenAppend:
    """Starts an append, without taking a lock."""
    return OpenAppend(log, workspace_id, at, await new_id(log))


async def close(append: OpenAppend, raised_to: int | None = None) -> int | None:
    """Gives the entries their positions; returns the last one, or None when there are no entries.

    `raised_to`: the head of the log is raised already, to this position.
    """
    if not append.size:
        return None
    position: int = raised_to or await db.fetch_value(_raise_head(append.log), append.workspace_id, append.size)
    await db.execute(_add_to(append.log), append.workspace_id, position, append.size, append.id, append.at)
    await log_grew(append.workspace_id)
    return position


@cache
def _raise_head(log: Log[Any]) -> str:
    return f"""
        INSERT INTO {log.heads} AS head (workspace_id, position) VALUES ($1, $2)
        ON CONFLICT (workspace_id) DO UPDATE SET position = head.position + excluded.position
        RETURNING position
        """


@cache
def _add_to(log: Log[Any]) -> str:
    return f"INSERT INTO {log.appends} (workspace_id, position, size, append_id, at) VALUES ($1, $2, $3, $4, $5)"
