"""The rules that segments had, the newest first."""

from collections.abc import Sequence

from models import db
from permissions.principal import Scope


async def page_for_each(
    scope: Scope, segment_ids: Sequence[int], first: int, before: int | None = None
) -> dict[int, list[db.Record]]:
    """Up to `first` + 1 versions by segment id, the newest first, of those before the number `before`."""
    rows = await db.fetch(_PAGES, scope.workspace_id, list(segment_ids), first + 1, before)
    pages: dict[int, list[db.Record]] = {segment_id: [] for segment_id in segment_ids}
    for row in rows:
        pages[row["segment_id"]].append(row)
    return pages


_PAGES = """
    SELECT versions.* FROM unnest($2::bigint[]) AS wanted (segment_id), LATERAL (
        SELECT * FROM segment_rule_versions v
        WHERE v.workspace_id = $1 AND v.segment_id = wanted.segment_id AND ($4::integer IS NULL OR v.number < $4)
        ORDER BY v.number DESC LIMIT $3) AS versions
"""
