"""Deletes the ledger of an audience that was deleted."""

from typing import Final

from models import db
from models.destinations.audiences import runs
from models.destinations.audiences.runs import Run

ROWS_AT_ONCE: Final = 5_000


async def delete_step(run: Run) -> bool:
    """Deletes some of it, and at last the audience. False: nothing is left."""
    async with db.transaction():
        await runs.write(run, {"next_run_at": runs.later(0)})
        deleted = await db.execute(_DELETE, run.workspace_id, run.audience_id, ROWS_AT_ONCE)
        if deleted:
            return True
        await db.execute(
            "DELETE FROM audiences WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NOT NULL",
            run.workspace_id,
            run.audience_id,
        )
    return False


_DELETE: Final = """
    DELETE FROM audience_members WHERE workspace_id = $1 AND audience_id = $2 AND contact_id IN (
        SELECT contact_id FROM audience_members WHERE workspace_id = $1 AND audience_id = $2 ORDER BY contact_id LIMIT $3)
"""
