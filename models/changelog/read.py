"""The log of who entered and left, read after a position.

Positions of a workspace run without gaps from the first change on, and become visible in order: whoever has read up to P has
missed nothing before. A cursor is a position that a partner keeps: opaque, and good for as long as the log is kept.
"""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.db import Record
from models.errors import Invalid, Path
from permissions.principal import Scope

WINDOW: Final = 10_000
"""Changes looked through in one statement when only some segments' are wanted."""

LOOKING_SECONDS: Final = 0.2
"""How long one page looks through others' changes before it comes back with what it found, perhaps nothing."""


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """Somebody entered or left. `position` is its place in the workspace's log."""

    workspace_id: int
    position: int
    segment_id: int
    contact_id: int
    kind: str
    origin: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LogPage:
    """Changes in order. Go on after `position`, which may lie past the last of them; at once, if `more`."""

    changes: list[MembershipChange]
    position: int
    more: bool


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the log ends (`position`), and where what is kept of it begins (after `floor`)."""

    position: int
    floor: int


# ---------------------------------------------------------------- cursors


def to_cursor(workspace_id: int, position: int) -> str:
    """The cursor that stands for having read up to `position`."""
    return urlsafe_b64encode(f"m1:{workspace_id}:{position}".encode()).rstrip(b"=").decode()


def from_cursor(scope: Scope, cursor: str, path: Path = ("after",)) -> int:
    """The position that a cursor stands for. Raises Invalid at `path` for what is no cursor of this workspace."""
    try:
        mark, workspace, position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split(":")
        if mark == "m1" and int(workspace) == scope.workspace_id and 0 <= int(position) < 2**63:
            return int(position)
    except ValueError:  # not base64, not text, not numbers
        pass
    raise Invalid("this is no cursor of this workspace's changes: pass one that membershipChanges gave, or none", path)


# ---------------------------------------------------------------- read


async def head(scope: Scope) -> LogHead:
    """Where the log ends now, and where it begins."""
    row = await db.fetch_row("SELECT position, floor FROM membership_heads WHERE workspace_id = $1", scope.workspace_id)
    return LogHead(0, 0) if row is None else LogHead(row["position"], row["floor"])


async def read(
    scope: Scope,
    after: int | None,
    limit: int,
    segment_ids: Collection[int] | None = None,
    path: Path = ("after",),
) -> LogPage:
    """Up to `limit` changes after the position `after` (None: from the oldest that is kept), in order.

    Only those of `segment_ids`, when given: then a page may be short, or empty, though `more` follow. Raises Invalid at
    `path` when what comes after `after` is no longer kept, or `after` lies ahead of the log.
    """
    end = await head(scope)
    position = end.floor if after is None else after
    _check(end, position, path)
    if segment_ids is not None:
        return await _look_through(scope, position, end.position, limit, list(segment_ids), path)
    changes = await _window(scope, position, min(position + limit, end.position), limit, None, path)
    position = changes[-1].position if changes else position
    return LogPage(changes, position, position < end.position)


async def read_on(scope: Scope, after: int, limit: int) -> list[MembershipChange]:
    """Up to `limit` changes after `after`, for a reader that stands at the end of the log: one look, and no questions asked.

    Raises Invalid when what comes after `after` is no longer kept.
    """
    return await _window(scope, after, after + limit, limit, None)


async def check(scope: Scope, after: int, path: Path = ("after",)) -> None:
    """Raise Invalid at `path` when the log can't be read on from `after`."""
    _check(await head(scope), after, path)


def _check(end: LogHead, position: int, path: Path) -> None:
    if position < end.floor:
        raise Invalid(
            "this cursor is too old: the changes after it are no longer kept. Read the segments' members anew,"
            " and begin with a new cursor",
            path,
        )
    if position > end.position:
        raise Invalid(
            "this cursor lies ahead of the log: it is not from this installation, or from before a restore", path
        )


async def _look_through(
    scope: Scope, position: int, end: int, limit: int, segment_ids: list[int], path: Path
) -> LogPage:
    """Window by window, so that a segment with few changes costs bounded time in a log with many."""
    changes: list[MembershipChange] = []
    until = time.monotonic() + LOOKING_SECONDS
    while position < end:
        last = min(position + WINDOW, end)
        changes += await _window(scope, position, last, limit + 1 - len(changes), segment_ids, path)
        if len(changes) > limit:  # the one more tells that others follow
            return LogPage(changes[:limit], changes[limit - 1].position, True)
        position = last
        if time.monotonic() >= until:
            break
    return LogPage(changes, position, position < end)


async def _window(
    scope: Scope, after: int, last: int, limit: int, segment_ids: list[int] | None, path: Path = ("after",)
) -> list[MembershipChange]:
    """The first `limit` changes with positions in (after, last], of these segments. Invalid when not all of them are kept."""
    if after >= last:
        return []
    rows = await db.fetch(_WINDOW, scope.workspace_id, after, last, segment_ids, limit)
    if not rows:
        await check(scope, after, path)
    return [MembershipChange(scope.workspace_id, *row) for row in rows]


# Positions run without gaps, so that no more appends than positions lie in a window. What was dropped since somebody looked at
# the floor must not look like a log in which nothing happened: then there are no rows, rather than some.
_WINDOW = """
SELECT a.position - a.size + c.place AS position, c.segment_id, c.contact_id, c.kind, c.origin, c.at
FROM (SELECT append_id, position, size FROM membership_appends
      WHERE workspace_id = $1 AND position > $2::bigint ORDER BY position LIMIT $3::bigint - $2::bigint) AS a
CROSS JOIN LATERAL (
    SELECT place, segment_id, contact_id, kind, origin, at FROM membership_changes
    WHERE workspace_id = $1 AND append_id = a.append_id
      AND place > $2::bigint - (a.position - a.size) AND place <= $3::bigint - (a.position - a.size)
) AS c
WHERE a.position - a.size < $3::bigint AND ($4::bigint[] IS NULL OR c.segment_id = ANY ($4::bigint[]))
  AND (SELECT floor FROM membership_heads WHERE workspace_id = $1) <= $2::bigint
ORDER BY a.position, c.place LIMIT $5
"""


async def history(
    scope: Scope,
    contact_ids: Sequence[int],
    first: int,
    *,
    before: int | None = None,
    segment_id: int | None = None,
) -> dict[int, list[MembershipChange]]:
    """What is kept of each contact's entries and exits, newest first: up to `first` + 1 with positions less than `before`."""
    rows = await db.fetch(_HISTORY, scope.workspace_id, list(contact_ids), first + 1, before, segment_id)
    found: dict[int, list[MembershipChange]] = {contact_id: [] for contact_id in contact_ids}
    for row in rows:
        found[row["contact_id"]].append(MembershipChange(scope.workspace_id, *row))
    return found


_HISTORY = """
SELECT c.* FROM unnest($2::bigint[]) AS wanted (contact_id)
CROSS JOIN LATERAL (
    SELECT a.position - a.size + m.place AS position, m.segment_id, m.contact_id, m.kind, m.origin, m.at
    FROM membership_changes AS m
    JOIN membership_appends AS a ON a.workspace_id = $1 AND a.append_id = m.append_id
    WHERE m.workspace_id = $1 AND m.contact_id = wanted.contact_id
      AND ($4::bigint IS NULL OR a.position - a.size + m.place < $4::bigint)
      AND ($5::bigint IS NULL OR m.segment_id = $5::bigint)
    ORDER BY 1 DESC LIMIT $3
) AS c
ORDER BY c.position DESC
"""


# ---------------------------------------------------------------- kept


async def drop_older_than(kept: timedelta, limit: int = 5_000) -> int:
    """Drop up to `limit` appends that are older than `kept`; gives how many. Cursors from before are refused from then on."""
    dropped = 0
    for row in await db.fetch("SELECT workspace_id FROM membership_heads ORDER BY workspace_id"):
        dropped += await _drop(row["workspace_id"], clock.now() - kept, limit - dropped)
        if dropped >= limit:
            break
    return dropped


async def _drop(workspace_id: int, before: datetime, limit: int) -> int:
    async with db.transaction():
        rows: Sequence[Record] = await db.fetch(
            """
            SELECT append_id, position FROM (
                SELECT append_id, position, at FROM membership_appends WHERE workspace_id = $1 ORDER BY position LIMIT $3
            ) AS oldest WHERE at < $2 ORDER BY position
            """,
            workspace_id,
            before,
            limit,
        )
        if rows:
            ids = [row["append_id"] for row in rows]
            await db.execute(
                "DELETE FROM membership_changes WHERE workspace_id = $1 AND append_id = ANY ($2::bigint[])",
                workspace_id,
                ids,
            )
            await db.execute(
                "DELETE FROM membership_appends WHERE workspace_id = $1 AND append_id = ANY ($2::bigint[])",
                workspace_id,
                ids,
            )
            await db.execute(
                "UPDATE membership_heads SET floor = greatest(floor, $2) WHERE workspace_id = $1",
                workspace_id,
                rows[-1]["position"],
            )
    return len(rows)
