"""Which running workflows name something, for those who refuse to delete it."""

from typing import Any

from models import db
from models.errors import InUse
from permissions.principal import Scope


async def refuse_when_named(scope: Scope, path: str, what: str, **variables: Any) -> None:
    """Raises InUse at `id`, with the names of workflows that run, when `path` (SQL/JSON) finds something in their graphs.

    `what`: "field", for the message. Versions whose enrollments have all moved on do not count.
    """
    rows = await db.fetch(_RUNNING, scope.workspace_id, path, db.dump_json(variables))
    if rows:
        names = ", ".join(repr(row["name"]) for row in rows[:10]) + (" and more" if len(rows) > 10 else "")
        raise InUse(f"these workflows use this {what}: {names}. Publish them without it first", ("id",))


_RUNNING = """
SELECT DISTINCT w.name FROM workflows w
JOIN workflow_versions v ON v.workspace_id = $1 AND v.workflow_id = w.id
WHERE w.workspace_id = $1 AND w.status IN ('ACTIVE', 'PAUSED', 'DRAINING') AND v.followed_by IS NULL
  AND jsonb_path_exists(v.graph, $2::jsonpath, $3::jsonb)
ORDER BY w.name LIMIT 11
"""
