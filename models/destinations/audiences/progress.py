"""The progress of audiences, for watchers."""

from collections.abc import Collection
from typing import Final

from models import db

Key = tuple[int, int]
"""Workspace id, audience id."""

Progress = tuple[object, ...]
"""All that people see of an audience and that changes."""

_LOOK: Final = """
    /* all workspaces */
    SELECT a.workspace_id, a.id, a.name, a.status, a.reason, a.mode, array_to_string(a.keys, ' ') AS keys, a.external_id,
        a.present, a.pending, a.unmatchable, a.excluded, a.refused, a.leaving, a.kept,
        a.last_synced_at, a.delivery_status, a.approximate_lower, a.approximate_upper
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (workspace_id, id)
    JOIN audiences AS a ON a.workspace_id = wanted.workspace_id AND a.id = wanted.id
    WHERE a.deleted_at IS NULL
"""


async def look(keys: Collection[Key]) -> dict[Key, Progress]:
    return await db.fetch_by_key(_LOOK, keys)
