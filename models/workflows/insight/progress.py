"""Whether workflows have moved, for watchers who look often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models import db

Key = tuple[int, int]
"""Workspace id, workflow id."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The workflow's settings and how much was counted. `position` is the head of the workspace's log of steps."""

    settings: tuple[Any, ...]
    counted: int
    position: int = field(compare=False)


async def look(seen: Mapping[Key, Progress | None]) -> dict[Key, Progress]:
    """The present progress of these workflows. What is counted is summed up only when something stepped in the workspace."""
    rows = await db.fetch(_LOOK, [key[0] for key in seen], [key[1] for key in seen])
    found = {}
    for workspace_id, workflow_id, position, *settings in rows:
        before = seen[workspace_id, workflow_id]
        if before is not None and before.position == position:
            counted = before.counted
        else:
            counted = await db.fetch_value(_COUNTED, workspace_id, workflow_id)
        found[workspace_id, workflow_id] = Progress(tuple(settings), counted, position)
    return found


_LOOK = """
/* all workspaces */
SELECT w.workspace_id, w.id, coalesce(h.position, 0), w.status, w.reason, w.version, w.published_number, w.test_segment_id
FROM unnest($1::bigint[], $2::bigint[]) AS wanted (workspace_id, id)
JOIN workflows AS w ON w.workspace_id = wanted.workspace_id AND w.id = wanted.id
LEFT JOIN workflow_step_heads AS h ON h.workspace_id = w.workspace_id
"""

_COUNTED = "SELECT coalesce(sum(count), 0)::bigint FROM workflow_counts WHERE workspace_id = $1 AND workflow_id = $2"
