"""A deleted segment's members, told to have left; and told to be back, when it returns. So many at a time, each in a turn.

What the log says of a segment stands in its row: its members up to the contact `logged_up_to` have been told to have left,
those after it have not. Deleting moves that up and restoring moves it down, from wherever it stands. Whoever leaves
meanwhile (a contact is deleted, an operator takes a member out) is told to have left by who sees to that, if it was not yet.
"""

from dataclasses import dataclass
from typing import Final

from models import db
from models.membership import apply, builds, engine_lock
from models.membership.apply import Append
from models.membership.origins import ChangeKind, Origin
from models.queue import work
from models.queue.enqueue import enqueue

AT_ONCE: Final = 5_000
"""Members told in one turn: some hundredths of a second."""

NOBODY: Final = 0
EVERYBODY: Final = 2**63 - 1
"""Where `logged_up_to` stands for a segment that is there, and for one that is deleted, once all of it is told."""


@dataclass(frozen=True, slots=True)
class Backfilled:
    """How many `members` were told of, and whether that is `all`. When it is nobody and not all: come again."""

    members: int
    all: bool


async def backfill(workspace_id: int, segment_id: int, kind: ChangeKind) -> Backfilled:
    """Tell of the next members that they have left, or are back. What is being exchanged, or written in SQL, has to wait.

    Waits for the workspace's turn and keeps it. LOCKS: takes the head of the log and then the segment's row, so call it
    before the row is written in the same transaction.
    """
    async with db.transaction():
        if not await db.try_advisory_lock(builds.swap_lock(workspace_id, segment_id)):
            return Backfilled(0, all=False)
        lock = await engine_lock.take(workspace_id)
        if not await db.try_advisory_lock(
            f"muster:backfill:{workspace_id}:{segment_id}"
        ):  # the trigger on members takes it
            return Backfilled(0, all=False)
        append = await apply.begin(workspace_id, lock.now)
        stands = await _backfill_some(append, segment_id, kind)
        await apply.close(append)
        await db.execute(
            "UPDATE segments SET logged_up_to = $3 WHERE workspace_id = $1 AND id = $2",
            workspace_id,
            segment_id,
            stands,
        )
        await enqueue(work.PROCESS_CHANGES, workspace_id)
    return Backfilled(append.size, all=stands in (NOBODY, EVERYBODY))


async def _backfill_some(append: Append, segment_id: int, kind: ChangeKind) -> int:
    """Log the next AT_ONCE; gives where `logged_up_to` stands then."""
    arguments = append.workspace_id, append.id, append.size, append.at, segment_id, Origin.API.value, AT_ONCE
    row = await db.fetch_row(_LEFT if kind is ChangeKind.LEFT else _BACK, *arguments)
    assert row is not None
    append.size += row["told"]
    if row["told"] == AT_ONCE:
        return int(row["stands"])
    return EVERYBODY if kind is ChangeKind.LEFT else NOBODY


_BACKFILL = """
WITH segment AS MATERIALIZED (
    SELECT logged_up_to FROM segments WHERE workspace_id = $1 AND id = $5
), next_ones AS MATERIALIZED (
    SELECT m.contact_id FROM memberships AS m
    WHERE m.workspace_id = $1 AND m.segment_id = $5 AND m.contact_id {still_to_tell} (SELECT logged_up_to FROM segment)
    ORDER BY m.contact_id {way} LIMIT $7
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, $2, $3::integer + row_number() OVER (), $5, contact_id, '{kind}', $6, $4 FROM next_ones
)
SELECT count(*) AS told, {stands} AS stands FROM next_ones
"""
_LEFT = _BACKFILL.format(kind="LEFT", still_to_tell=">", way="ASC", stands="max(contact_id)")
_BACK = _BACKFILL.format(kind="ENTERED", still_to_tell="<=", way="DESC", stands="min(contact_id) - 1")


# ---------------------------------------------------------------- found


async def waiting(limit: int = 1000) -> list[tuple[int, int]]:
    """Segments, of all workspaces, of whose members there is something left to tell: (workspace id, segment id)."""
    rows = await db.fetch(
        """
        SELECT workspace_id, id FROM segments
        WHERE deleted_at IS NOT NULL AND (logged_up_to < 9223372036854775807 OR restore_asked_at IS NOT NULL)
        LIMIT $1
        """,
        limit,
    )
    return [(row["workspace_id"], row["id"]) for row in rows]
