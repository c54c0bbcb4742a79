"""Takes tags that no contact has any more out of the list of tags."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from models import clock, db
from models.contacts import tags
from permissions.principal import Scope

CHECKED_EVERY: Final = timedelta(hours=1)

AT_ONCE: Final = 500
"""Tags of one workspace; the contacts are read once for all of them."""


async def workspaces_to_check(limit: int = 100) -> list[int]:
    """Workspaces with a tag that was not looked at for long. Reads all workspaces."""
    rows = await db.fetch(
        "/* all workspaces */ "
        "SELECT workspace_id FROM tags WHERE checked_at < $1 GROUP BY workspace_id ORDER BY min(checked_at) LIMIT $2",
        clock.now() - CHECKED_EVERY,
        limit,
    )
    return [row["workspace_id"] for row in rows]


async def forget_unused(scope: Scope) -> int:
    """Look at tags that were not looked at for long. Returns how many are gone."""
    now = clock.now()
    rows = await db.fetch(_UNCHECKED, scope.workspace_id, now - CHECKED_EVERY, AT_ONCE)
    keys = {row["key"] for row in rows}
    unused = keys - await _used(scope, keys)
    gone = await _forget(scope, unused) if unused else 0
    await db.execute(_CHECKED, scope.workspace_id, sorted(keys), now)
    return gone


async def _forget(scope: Scope, keys: Collection[str]) -> int:
    """Looks again while nobody writes tags."""
    async with db.transaction():
        await tags.hold_all(scope)
        unused = set(keys) - await _used(scope, keys)
        await db.execute(
            "DELETE FROM tags WHERE workspace_id = $1 AND key = ANY ($2)", scope.workspace_id, list(unused)
        )
    return len(unused)


async def _used(scope: Scope, keys: Collection[str]) -> set[str]:
    if not keys:
        return set()
    return {row["key"] for row in await db.fetch(_USED, scope.workspace_id, list(keys))}


_UNCHECKED = "SELECT key FROM tags WHERE workspace_id = $1 AND checked_at < $2 ORDER BY checked_at LIMIT $3"

_USED = """
    SELECT DISTINCT held.key FROM contacts c CROSS JOIN unnest(c.tag_keys) AS held (key)
    WHERE c.workspace_id = $1 AND c.tag_keys && $2::text[] AND held.key = ANY ($2::text[])
"""

_CHECKED = "UPDATE tags SET checked_at = $3 WHERE workspace_id = $1 AND key = ANY ($2)"
