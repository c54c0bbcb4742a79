"""How late workflows are: the age of the oldest thing that is due and not done."""

from collections.abc import Sequence
from datetime import datetime

from models import clock, db
from models.changelog.members import MEMBERS
from models.workflows.sources import READER
from permissions.principal import Scope


async def lag_seconds(scope: Scope, workflow_ids: Sequence[int]) -> dict[int, float]:
    """By workflow id; 0.0 where nothing is due."""
    now = clock.now()
    rows = await db.fetch(_OLDEST, scope.workspace_id, list(workflow_ids), now, READER.kind, READER.id, MEMBERS.name)
    return {row["id"]: _age(row["oldest_at"], now) for row in rows}


def _age(oldest_at: datetime | None, now: datetime) -> float:
    return 0.0 if oldest_at is None else max(0.0, (now - oldest_at).total_seconds())


# Enrollments whose time has come; what happened and is listened to; changes of members that are not read yet.
_OLDEST = """
SELECT w.id, least(due.at, happened.at, changed.at) AS oldest_at
FROM workflows AS w
LEFT JOIN LATERAL (
    SELECT min(e.wake_at) AS at FROM enrollments AS e
    WHERE e.workspace_id = $1 AND e.workflow_id = w.id AND e.wake_at <= $3 AND e.test_id IS NULL
) AS due ON true
LEFT JOIN LATERAL (
    SELECT min(s.at) AS at FROM workflow_signals AS s
    JOIN workflow_sources AS l ON l.workspace_id = $1 AND l.source = s.source AND l.workflow_id = w.id
    WHERE s.workspace_id = $1
) AS happened ON true
LEFT JOIN LATERAL (
    SELECT a.at FROM changelog_readers AS r
    JOIN membership_appends AS a ON a.workspace_id = $1 AND a.position > r.position
    WHERE r.workspace_id = $1 AND r.reader_kind = $4 AND r.reader_id = $5 AND r.log = $6 AND EXISTS (
        SELECT FROM workflow_sources AS l
        WHERE l.workspace_id = $1 AND l.workflow_id = w.id AND starts_with(l.source, 'segment:'))
    ORDER BY a.position LIMIT 1
) AS changed ON true
WHERE w.workspace_id = $1 AND w.id = ANY ($2::bigint[])
"""
