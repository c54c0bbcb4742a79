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
    """`size` entries so far, numbered from 1. `beside`: what commits some of them before the append is closed."""

    log: Log[Any]
    workspace_id: int
    at: datetime
    id: int
    size: int = 0
    beside: db.Beside | None = None


async def new_id(log: Log[Any]) -> int:
    append_id: int = await db.fetch_value("SELECT nextval($1::text::regclass)", log.append_ids)
    return append_id


async def begin(workspace_id: int, log: Log[Any], at: datetime) -> OpenAppend:
    """Starts an append, without taking a lock."""
    return OpenAppend(log, workspace_id, at, await new_id(log))


async def write_beside(append: OpenAppend, beside: db.Beside, sql: str, *args: Any) -> None:
    """Runs a statement that writes entries, of a log whose entries nobody reads without their append.

    They are committed before the append is closed, on a second connection, and are in the log only when it is. A row of
    `unclosed_appends` is committed with them, and goes with the close. One that stays names the entries of a transaction that
    failed: retention.py drops them.
    """
    if append.beside is None:
        append.beside = beside
        await beside.execute(_BEGIN_BESIDE, append.workspace_id, append.log.name, append.id, append.at)
    await beside.execute(sql, *args)


async def commit_beside(append: OpenAppend) -> None:
    """Commits what was written beside, if anything was, so that closing need not wait for it. Raises what made it fail."""
    if append.beside is None:
        return
    await append.beside.commit()
    append.beside = None
    if not await db.execute(_END_BESIDE, append.workspace_id, append.log.name, append.id):
        raise RuntimeError("the entries of this append were dropped: it was open for too long")


_BEGIN_BESIDE = "INSERT INTO unclosed_appends (workspace_id, log, append_id, at) VALUES ($1, $2, $3, $4)"

_END_BESIDE = "DELETE FROM unclosed_appends WHERE workspace_id = $1 AND log = $2 AND append_id = $3"


async def close(append: OpenAppend, raised_to: int | None = None) -> int | None:
    """Gives the entries their positions; returns the last one, or None when there are no entries.

    `raised_to`: the head of the log is raised already, to this position.
    """
    if not append.size:
        return None
    await commit_beside(append)
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
