"""The merges of contacts, listed."""

from collections.abc import Sequence

from models import db
from permissions.principal import Scope

_COLUMNS = "id, kept_id, merged_id, at, actor_kind, actor_id, undone_at"


async def pages(
    scope: Scope, contact_ids: Sequence[int], limit: int, after: int | None = None
) -> dict[int, list[db.Record]]:
    """Returns up to `limit` merges into each contact by its id, the newest first, before the merge `after`."""
    rows = await db.fetch(
        f"""
        SELECT page.* FROM unnest($2::bigint[]) AS wanted (id), LATERAL (
            SELECT {_COLUMNS} FROM contact_merges m
            WHERE m.workspace_id = $1 AND m.kept_id = wanted.id AND ($4::bigint IS NULL OR m.id < $4)
            ORDER BY m.id DESC LIMIT $3) AS page
        """,  # noqa: S608 - columns of a list
        scope.workspace_id,
        list(contact_ids),
        limit,
        after,
    )
    found: dict[int, list[db.Record]] = {contact_id: [] for contact_id in contact_ids}
    for row in rows:
        found[row["kept_id"]].append(row)
    return found


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[db.Record]:
    """Without those whose kept contact is gone."""
    return await db.fetch(
        f"""
        SELECT {_COLUMNS} FROM contact_merges m WHERE m.workspace_id = $1 AND m.id = ANY ($2::bigint[]) AND EXISTS (
            SELECT 1 FROM contacts c WHERE c.workspace_id = $1 AND c.id = coalesce(
                (SELECT r.kept_id FROM merged_contacts r WHERE r.workspace_id = $1 AND r.merged_id = m.kept_id), m.kept_id))
        """,  # noqa: S608 - columns of a list
        scope.workspace_id,
        list(ids),
    )
