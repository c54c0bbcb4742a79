"""The progress of endpoints, for watchers."""

from collections.abc import Collection
from typing import Final

from models import db

Key = tuple[int, int]
"""Workspace id, endpoint id."""

Progress = tuple[object, ...]
"""How an endpoint stands, and how long the logs are that it follows."""

# Of the endpoints that are watched, in whatever workspaces. A log that is longer means that more may wait.
_LOOK: Final = """
    /* all workspaces */
    SELECT e.workspace_id, e.id, e.updated_at, e.status, e.reason, e.last_delivered_at, e.next_attempt_at, e.replays,
        m.position AS members, v.position AS events
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (workspace_id, id)
    JOIN webhook_endpoints AS e ON e.workspace_id = wanted.workspace_id AND e.id = wanted.id
    LEFT JOIN membership_heads AS m ON m.workspace_id = e.workspace_id
    LEFT JOIN event_heads AS v ON v.workspace_id = e.workspace_id
"""


async def look(keys: Collection[Key]) -> dict[Key, Progress]:
    return await db.fetch_by_key(_LOOK, keys)
