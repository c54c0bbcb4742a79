"""What the engine of segments tells of contacts, in signals."""

from collections.abc import Sequence

from models import db
from models.workflows.causes import parse
from models.workflows.happenings import Happening
from permissions.principal import Scope


async def take(scope: Scope, limit: int) -> list[Happening]:
    """Up to `limit`, in their order. They are gone when the ambient transaction commits."""
    rows: Sequence[db.Record] = await db.fetch(_TAKE, scope.workspace_id, limit)
    return [
        Happening(
            source, contact_id, at, parse(cause), None, activity_id, None if detail is None else db.load_json(detail)
        )
        for _, source, contact_id, at, cause, activity_id, detail in sorted(rows, key=lambda row: row["id"])
    ]


_TAKE = """
WITH first AS MATERIALIZED (SELECT id FROM workflow_signals WHERE workspace_id = $1 ORDER BY id LIMIT $2)
DELETE FROM workflow_signals AS s USING first WHERE s.workspace_id = $1 AND s.id = first.id
RETURNING s.id, s.source, s.contact_id, s.at, s.cause, s.activity_id, s.detail
"""
