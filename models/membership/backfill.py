"""Logs that members of a deleted segment left, or entered again after a restore, some at a time.

Contacts up to `segments.logged_up_to` are logged to have left. Code that removes a member meanwhile logs it, unless it is
logged already. What SQL wrote and is still captured counts as not done: it is logged when its turn comes, or counted only.
"""

from dataclasses import dataclass
from typing import Final

from models import db
from models.changelog import append as log_append
from models.membership import apply, builds, engine_lock
from models.membership.apply import Append
from models.membership.origins import ChangeKind, Origin
from models.queue import work
from models.queue.enqueue import enqueue

AT_ONCE: Final = 5_000
"""Takes some hundredths of a second."""

NOBODY: Final = 0
EVERYBODY: Final = 2**63 - 1
"""`logged_up_to` of an existing and of a deleted segment, without a backfill to do."""


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """`all`: none are left. With 0 members and not `all`: try again later."""

    members: int
    all: bool


async def backfill(workspace_id: int, segment_id: int, kind: ChangeKind) -> BackfillResult:
    """Does nothing while members are swapped.

    LOCKS: the engine lock, the head of the log, then the segment's row, which may not be written before in the transaction.
    """
    async with db.transaction():
        if not await db.try_advisory_lock(builds.swap_lock(workspace_id, segment_id)):
            return BackfillResult(0, all=False)
        lock = await engine_lock.take(workspace_id)
        append = await apply.begin(workspace_id, lock.now)
        logged_up_to = await _log_some(append, segment_id, kind)
        await log_append.close(append)
        await db.execute(
            "UPDATE segments SET logged_up_to = $3 WHERE workspace_id = $1 AND id = $2",
            workspace_id,
            segment_id,
            logged_up_to,
        )
        await enqueue(work.PROCESS_CHANGES, workspace_id)
    return BackfillResult(append.size, all=logged_up_to in (NOBODY, EVERYBODY))


async def _log_some(append: Append, segment_id: int, kind: ChangeKind) -> int:
    """Returns the new `logged_up_to`."""
    statement = _MEMBERS_AFTER if kind is ChangeKind.LEFT else _MEMBERS_UP_TO
    rows = await db.fetch(statement, append.workspace_id, segment_id, AT_ONCE)
    contact_ids = [row["contact_id"] for row in rows]
    await db.execute(
        _LOG, append.workspace_id, append.id, segment_id, contact_ids, kind.value, Origin.API.value, append.at
    )
    append.size += len(contact_ids)
    if kind is ChangeKind.LEFT:
        return contact_ids[-1] if len(contact_ids) == AT_ONCE else EVERYBODY
    return contact_ids[-1] - 1 if len(contact_ids) == AT_ONCE else NOBODY


# A statement that writes nothing: a cluster gives it one snapshot, in which members and what is captured of them agree.
_MEMBERS = """
WITH segment AS MATERIALIZED (
    SELECT logged_up_to FROM segments WHERE workspace_id = $1 AND id = $2
), stayed AS MATERIALIZED (
    SELECT m.contact_id FROM memberships AS m
    WHERE m.workspace_id = $1 AND m.segment_id = $2 AND m.contact_id {comparison} (SELECT logged_up_to FROM segment)
      AND NOT EXISTS (SELECT 1 FROM captured_members AS c
                      WHERE c.workspace_id = $1 AND c.segment_id = $2 AND c.contact_id = m.contact_id)
    ORDER BY m.contact_id {direction} LIMIT $3
), first_captured AS MATERIALIZED (
    SELECT DISTINCT ON (contact_id) contact_id, kind FROM captured_members
    WHERE workspace_id = $1 AND segment_id = $2 AND contact_id {comparison} (SELECT logged_up_to FROM segment)
    ORDER BY contact_id {direction}, at, id
)
SELECT contact_id FROM stayed UNION ALL SELECT contact_id FROM first_captured WHERE kind = 'LEFT'
ORDER BY contact_id {direction} LIMIT $3
"""
_MEMBERS_AFTER = _MEMBERS.format(comparison=">", direction="ASC")
_MEMBERS_UP_TO = _MEMBERS.format(comparison="<=", direction="DESC")

_LOG = """
INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
SELECT $1, $2, told.place, $3, told.contact_id, $5, $6, $7
FROM unnest($4::bigint[]) WITH ORDINALITY AS told (contact_id, place)
"""


async def waiting(limit: int = 1000) -> list[tuple[int, int]]:
    """Unfinished backfills, as (workspace id, segment id)."""
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT workspace_id, id FROM segments
        WHERE deleted_at IS NOT NULL AND (logged_up_to < 9223372036854775807 OR restore_asked_at IS NOT NULL)
        LIMIT $1
        """,
        limit,
    )
    return [(row["workspace_id"], row["id"]) for row in rows]
