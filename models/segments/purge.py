"""Removes segments that can no longer be restored."""

from models import clock, db
from models.accounts import audit_log
from models.membership import manual_changes
from models.membership.backfill import EVERYBODY
from models.segments.segments import RESTORABLE


async def expired(limit: int = 1_000) -> list[tuple[int, int]]:
    """(workspace id, segment id), oldest deletion first, without unfinished backfills."""
    rows = await db.fetch(
        f"/* all workspaces */ SELECT workspace_id, id FROM segments WHERE {_EXPIRED} ORDER BY deleted_at LIMIT $2",  # noqa: S608
        clock.now() - RESTORABLE,
        limit,
    )
    return [(row["workspace_id"], row["id"]) for row in rows]


# An audience shows its segment for as long as it is there itself.
_IS_EXPIRED = """
    deleted_at <= $1 AND restore_asked_at IS NULL AND logged_up_to = {everybody} AND NOT EXISTS (
        SELECT 1 FROM audiences AS a
        WHERE a.workspace_id = {workspace} AND a.segment_id = segments.id AND a.deleted_at IS NULL)
"""
_EXPIRED = _IS_EXPIRED.format(everybody=EVERYBODY, workspace="segments.workspace_id")
_GIVE_UP = f"""
    UPDATE segments SET deleted_at = 'epoch'
    WHERE workspace_id = $2 AND id = $3 AND {_IS_EXPIRED.format(everybody=EVERYBODY, workspace="$2")}
"""  # noqa: S608 - constants


async def purge(workspace_id: int, segment_id: int) -> None:
    """Removes an expired segment in short transactions; it can be repeated."""
    if not await _give_up(workspace_id, segment_id):
        return
    while await manual_changes.forget_segment(workspace_id, segment_id):
        pass
    async with db.transaction():
        for statement in _PURGE:
            await db.execute(statement, workspace_id, segment_id)
        await audit_log.record_system(workspace_id, "segment_purge", "Segment", segment_id)


async def _give_up(workspace_id: int, segment_id: int) -> bool:
    """Make a restore impossible, also for clocks that are behind."""
    given_up = await db.execute(
        _GIVE_UP,
        clock.now() - RESTORABLE,
        workspace_id,
        segment_id,
    )
    return given_up > 0


_PURGE = (
    "DELETE FROM membership_overrides WHERE workspace_id = $1 AND segment_id = $2",
    "DELETE FROM segment_days WHERE workspace_id = $1 AND segment_id = $2",
    "DELETE FROM segment_uses WHERE workspace_id = $1 AND segment_id = $2",
    "DELETE FROM segment_uses WHERE workspace_id = $1 AND kind = 'SEGMENT' AND used_by_id = $2",
    "DELETE FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NOT NULL",
)
