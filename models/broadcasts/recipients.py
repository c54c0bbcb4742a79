"""The messages of a broadcast."""

from collections.abc import Sequence
from typing import Final

from models import db
from models.messaging.message_states import MessageStatus
from models.messaging.sources import SourceKind
from permissions.principal import Scope

_COLUMNS: Final = """
    id, source_id AS broadcast_id, contact_id, phone, status, error_code, reason, sent_at, delivered_at, read_at
"""


async def page_for_each(
    scope: Scope,
    broadcast_ids: Sequence[int],
    limit: int,
    after: str | None = None,
    status: MessageStatus | None = None,
    reason: str | None = None,
) -> dict[int, list[db.Record]]:
    """Returns up to `limit` messages per broadcast, sorted by phone, after the phone `after`."""
    rows = await db.fetch(
        f"""
        SELECT page.* FROM unnest($2::bigint[]) AS wanted (broadcast_id), LATERAL (
            SELECT {_COLUMNS} FROM messages m
            WHERE m.workspace_id = $1 AND m.source_kind = $5 AND m.source_id = wanted.broadcast_id
              {"AND m.phone > $4::text" if after is not None else "AND $4::text IS NULL"}
              {f"AND m.status = '{MessageStatus(status).value}'" if status is not None else ""}
              AND ($6::text IS NULL OR m.reason = $6)
            ORDER BY m.phone LIMIT $3) AS page
        """,  # noqa: S608 - values are bound; the status is one of the enum's, and decides which index serves
        scope.workspace_id,
        list(broadcast_ids),
        limit,
        after,
        SourceKind.BROADCAST,
        reason,
    )
    pages: dict[int, list[db.Record]] = {broadcast_id: [] for broadcast_id in broadcast_ids}
    for row in rows:
        pages[row["broadcast_id"]].append(row)
    return pages


async def count(scope: Scope, broadcast_id: int, status: MessageStatus | None = None, reason: str | None = None) -> int:
    found: int = await db.fetch_value(
        """
        SELECT count(*) FROM messages
        WHERE workspace_id = $1 AND source_kind = $4 AND source_id = $2 AND ($3::text IS NULL OR status = $3)
          AND ($5::text IS NULL OR reason = $5)
        """,
        scope.workspace_id,
        broadcast_id,
        status,
        SourceKind.BROADCAST,
        reason,
    )
    return found


async def reasons(scope: Scope, broadcast_ids: Sequence[int]) -> dict[int, list[db.Record]]:
    """Returns (status, reason, error_code, count) per broadcast of those that did not get it, the most frequent first."""
    rows = await db.fetch(
        """
        SELECT source_id AS broadcast_id, status, reason, min(error_code) AS error_code, count(*)::integer AS count
        FROM messages
        WHERE workspace_id = $1 AND source_kind = $3 AND source_id = ANY ($2::bigint[])
          AND status IN ('FAILED', 'SKIPPED', 'UNCONFIRMED')
        GROUP BY source_id, status, reason ORDER BY count DESC, status, reason
        """,
        scope.workspace_id,
        list(broadcast_ids),
        SourceKind.BROADCAST,
    )
    found: dict[int, list[db.Record]] = {broadcast_id: [] for broadcast_id in broadcast_ids}
    for row in rows:
        found[row["broadcast_id"]].append(row)
    return found


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[db.Record]:
    return await db.fetch(
        f"""
        SELECT {_COLUMNS} FROM messages
        WHERE workspace_id = $1 AND source_kind = $3 AND id = ANY ($2::bigint[])
        """,  # noqa: S608 - the columns are a constant
        scope.workspace_id,
        list(ids),
        SourceKind.BROADCAST,
    )
