"""Stored positions of workers that read a log.

A position moves in the transaction of what was done, so each entry takes effect once. A reader that stays away too long gets
`NotInLog`.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from models import clock, db
from models.changelog.log import Entry, Log
from models.changelog.read import LogPage, check_position, read_head, read_page
from models.errors import MusterError
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class StoredReader:
    """Who reads: `kind` is a constant of the reading code."""

    kind: str
    id: int


class ReaderMoved(MusterError):
    """Somebody else moved or stopped the reader."""


async def start(scope: Scope, log: Log[Any], reader: StoredReader, after: int | None = None) -> int:
    """Read after `after` (None: from now on), unless it reads already. Returns its position. Raises NotInLog."""
    if after is None:
        after = (await read_head(scope, log)).position
    else:
        await check_position(scope, log, after)
    await db.execute(_START, scope.workspace_id, reader.kind, reader.id, log.name, after, clock.now())
    position = await find_position(scope, log, reader)
    assert position is not None
    return position


_START = """
INSERT INTO changelog_readers (workspace_id, reader_kind, reader_id, log, position, moved_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""


async def stop(scope: Scope, reader: StoredReader) -> None:
    """Removes the reader from every log. Waits for the page that it is reading."""
    await db.execute(
        "DELETE FROM changelog_readers WHERE workspace_id = $1 AND reader_kind = $2 AND reader_id = $3",
        scope.workspace_id,
        reader.kind,
        reader.id,
    )


async def find_position(scope: Scope, log: Log[Any], reader: StoredReader) -> int | None:
    """Returns None when the reader does not read this log."""
    position: int | None = await db.fetch_value(
        f"SELECT position FROM changelog_readers {_THIS}", scope.workspace_id, reader.kind, reader.id, log.name
    )
    return position


_THIS = "WHERE workspace_id = $1 AND reader_kind = $2 AND reader_id = $3 AND log = $4"


# ---------------------------------------------------------------- reading


@asynccontextmanager
async def next_page(
    scope: Scope, log: Log[Entry], reader: StoredReader, limit: int, only: Collection[Any] | None = None
) -> AsyncIterator[LogPage[Entry] | None]:
    """In a transaction that ends with the block and moves the reader past the page.

    None when another worker holds the reader, or there is none. Raises NotInLog.
    """
    async with db.transaction():
        position = await hold(scope, log, reader)
        if position is None:
            yield None
            return
        found = await read_page(scope, log, position, limit, only)
        yield found
        if found.position != position:
            await move(scope, log, reader, position, found.position)


async def hold(scope: Scope, log: Log[Any], reader: StoredReader) -> int | None:
    """The position of the reader, which nobody else moves before the ambient transaction ends.

    None when another worker holds it, or there is none.
    """
    position: int | None = await db.fetch_value(_HOLD, scope.workspace_id, reader.kind, reader.id, log.name)
    return position


_HOLD = f"SELECT position FROM changelog_readers {_THIS} FOR UPDATE SKIP LOCKED"


async def move(scope: Scope, log: Log[Any], reader: StoredReader, before: int, position: int) -> None:
    """In the ambient transaction. For effects outside of the database: `read_page`, act, then move with the result.

    Raises ReaderMoved when the position is not `before`: that transaction must not commit.
    """
    moved = await db.fetch_value(
        MOVE, scope.workspace_id, reader.kind, reader.id, log.name, before, position, clock.now()
    )
    if moved is None:
        raise ReaderMoved(f"the reader {reader.kind} {reader.id} is no longer at {before}")


MOVE: Final = f"""
UPDATE changelog_readers SET position = $6, moved_at = $7 {_THIS} AND position = $5 RETURNING position
"""
"""`move` as a part of another statement. Its parameters: workspace, kind, id, log, before, position, moment. The rest of the
statement must do nothing when this returns no row."""


async def behind(log: Log[Any], kind: str, limit: int = 1_000, among: db.Span = db.EVERY) -> list[tuple[int, int]]:
    """Returns readers with entries to read, as (workspace id, reader id), the longest waiting first."""
    rows = await db.fetch(
        f"""
        /* all workspaces */ SELECT r.workspace_id, r.reader_id FROM changelog_readers AS r
        JOIN {log.heads} AS h ON h.workspace_id = r.workspace_id
        WHERE r.reader_kind = $1 AND r.log = $2 AND r.position < h.position
          AND r.workspace_id > $4 AND r.workspace_id <= $5 AND h.workspace_id > $4 AND h.workspace_id <= $5
        ORDER BY r.moved_at, r.workspace_id, r.reader_id LIMIT $3
        """,
        kind,
        log.name,
        limit,
        *among,
    )
    return [(row["workspace_id"], row["reader_id"]) for row in rows]
