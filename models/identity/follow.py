"""What must hear of a merge beside the ordinary capture."""

from datetime import datetime
from typing import Final

from models import db


async def workflows_follow(workspace_id: int, kept_id: int, merged_id: int, at: datetime) -> None:
    """Before the merged contact is deleted: its place inside workflows goes to the kept contact."""
    await db.execute(_SIGNAL, workspace_id, merged_id, db.dump_json({"into": kept_id}), at)


_SIGNAL: Final = """
    INSERT INTO workflow_signals (workspace_id, contact_id, source, detail, at)
    SELECT $1, $2, 'merged', $3, $4
    WHERE EXISTS (SELECT 1 FROM enrollments WHERE workspace_id = $1 AND contact_id = $2)
"""
