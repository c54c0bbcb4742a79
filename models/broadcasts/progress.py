"""The progress of broadcasts, for watchers."""

from collections.abc import Collection
from typing import Final

from models import db
from models.messaging.counters import COLUMNS
from models.messaging.sources import SourceKind

Key = tuple[int, int]
"""Workspace id, broadcast id."""

Progress = tuple[object, ...]
"""Status, reason and counts."""

_LOOK: Final = f"""
    /* all workspaces */
    SELECT b.workspace_id, b.id, b.status, b.reason, {", ".join(f"coalesce(t.{name}, 0) AS {name}" for name in COLUMNS)}
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (workspace_id, id)
    JOIN broadcasts b ON b.workspace_id = wanted.workspace_id AND b.id = wanted.id
    LEFT JOIN message_counters t ON t.workspace_id = b.workspace_id AND t.source_kind = $3 AND t.source_id = b.id
"""  # noqa: S608 - the names are the states'


async def look(keys: Collection[Key]) -> dict[Key, Progress]:
    return await db.fetch_by_key(_LOOK, keys, SourceKind.BROADCAST)
