"""What must hear of a merge beside the ordinary capture."""

from datetime import datetime
from typing import Final

from models import db


async def workflows_follow(workspace_id: int, merged_id: int, at: datetime) -> None:
    """Before the merged contact is deleted: its place inside workflows, and that it was there, go to the kept contact."""
    await db.execute(_SIGNAL, workspace_id, merged_id, at)


# Only those who have entered have anything to give: entries, visits of nodes, segments in which they are kept.
_SIGNAL: Final = """
    INSERT INTO workflow_signals (workspace_id, contact_id, source, at)
    SELECT $1, $2, 'merged', $3
    WHERE EXISTS (SELECT 1 FROM enrollments WHERE workspace_id = $1 AND contact_id = $2)
       OR EXISTS (SELECT 1 FROM workflows AS w JOIN workflow_entries AS e
                  ON e.workspace_id = $1 AND e.workflow_id = w.id AND e.contact_id = $2 WHERE w.workspace_id = $1)
"""
