"""The contacts that are held in a segment, or out of it, against its rule."""

from collections.abc import Iterable, Sequence

from models import db
from models.contacts.columns import columns_of
from permissions.principal import Scope


async def page_for_each(
    scope: Scope, segment_ids: Sequence[int], limit: int, after_id: int | None, names: Iterable[str]
) -> dict[int, list[db.Record]]:
    """By segment id up to `limit` contacts with `override` and `overridden_at`, the newest first; ids below `after_id`."""
    sql = f"""
        SELECT wanted.segment_id, page.*
        FROM unnest($2::bigint[]) AS wanted (segment_id), LATERAL (
            SELECT {columns_of({"id", *names})}, o.override, o.created_at AS overridden_at
            FROM membership_overrides o JOIN contacts c ON c.workspace_id = $1 AND c.id = o.contact_id
            WHERE o.workspace_id = $1 AND o.segment_id = wanted.segment_id AND ($3::bigint IS NULL OR o.contact_id < $3)
            ORDER BY o.contact_id DESC LIMIT $4) AS page
    """  # noqa: S608 - columns of the catalogue
    pages: dict[int, list[db.Record]] = {segment_id: [] for segment_id in segment_ids}
    for row in await db.fetch(sql, scope.workspace_id, list(segment_ids), after_id, limit):
        pages[row["segment_id"]].append(row)
    return pages


async def count(scope: Scope, segment_id: int) -> int:
    sql = "SELECT count(*) FROM membership_overrides WHERE workspace_id = $1 AND segment_id = $2"
    return int(await db.fetch_value(sql, scope.workspace_id, segment_id))
