"""What uses a segment. A use is active while its user would break or change without the segment.

All functions write in the caller's transaction, which also writes the user.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from models import clock, db
from models.db.tables.segments import SegmentUse
from models.errors import NotFound
from permissions.principal import Scope

__all__ = ["SegmentUse", "UseKind"]


class UseKind(StrEnum):
    BROADCAST = "BROADCAST"
    WORKFLOW = "WORKFLOW"
    SEGMENT = "SEGMENT"
    EXPORT = "EXPORT"
    IMPORT = "IMPORT"
    AUDIENCE = "AUDIENCE"
    WEBHOOK = "WEBHOOK"


async def register(
    scope: Scope,
    segment_ids: Collection[int],
    kind: UseKind,
    used_by_id: int,
    label: str,
    *,
    active: bool = True,
    path: Sequence[str | int] = ("segmentId",),
) -> None:
    """Record that `used_by_id` (a row of the kind's own table) uses these segments now. Raises NotFound at `path`.

    From the commit on, these segments are only deleted by force.
    """
    assert db.in_a_transaction(), "a use is registered in the transaction that writes the user"
    wanted, now = sorted(set(segment_ids)), clock.now()
    if await hold(scope, wanted) != wanted:
        raise NotFound("there is no such segment, or it is deleted: choose one that exists", path)
    await db.execute(
        """
        INSERT INTO segment_uses AS known
            (workspace_id, segment_id, kind, used_by_id, label, active, first_used_at, last_used_at)
        SELECT $1, segment_id, $3, $4, $5, $6, $7, $7 FROM unnest($2::bigint[]) AS used (segment_id)
        ON CONFLICT ON CONSTRAINT segment_uses_use_key DO UPDATE
            SET label = excluded.label, active = excluded.active,
                last_used_at = greatest(known.last_used_at, excluded.last_used_at)
        """,
        scope.workspace_id,
        wanted,
        kind,
        used_by_id,
        label,
        active,
        now,
    )
    await db.execute(
        """
        UPDATE segments SET last_used_at = greatest(last_used_at, $3)
        WHERE workspace_id = $1 AND id = ANY($2::bigint[])
        """,
        scope.workspace_id,
        wanted,
        now,
    )


async def hold(scope: Scope, segment_ids: Collection[int]) -> list[int]:
    """Lock segments that are not deleted. In the order of ids: no deadlocks."""
    rows = await db.fetch(
        """
        SELECT id FROM segments WHERE workspace_id = $1 AND id = ANY($2::bigint[]) AND deleted_at IS NULL
        ORDER BY id FOR NO KEY UPDATE
        """,
        scope.workspace_id,
        list(segment_ids),
    )
    return [row["id"] for row in rows]


async def release(scope: Scope, kind: UseKind, used_by_id: int, *, keep: Collection[int] = ()) -> None:
    """Ends the active uses of all segments but `keep`; they stay as history."""
    await db.execute(
        """
        UPDATE segment_uses SET active = false
        WHERE workspace_id = $1 AND kind = $2 AND used_by_id = $3 AND active AND segment_id <> ALL ($4::bigint[])
        """,
        scope.workspace_id,
        kind,
        used_by_id,
        list(keep),
    )


async def replace(
    scope: Scope,
    segment_ids: Collection[int],
    kind: UseKind,
    used_by_id: int,
    label: str,
    *,
    path: Sequence[str | int] = ("segmentId",),
) -> None:
    await release(scope, kind, used_by_id, keep=segment_ids)
    if segment_ids:
        await register(scope, segment_ids, kind, used_by_id, label, path=path)


async def rename(scope: Scope, kind: UseKind, used_by_id: int, label: str) -> None:
    """Renames the active uses; past ones keep their names."""
    await db.execute(
        "UPDATE segment_uses SET label = $4 WHERE workspace_id = $1 AND kind = $2 AND used_by_id = $3 AND active",
        scope.workspace_id,
        kind,
        used_by_id,
        label,
    )


async def in_use(scope: Scope, segment_id: int) -> list[SegmentUse]:
    return await SegmentUse.filter(workspace_id=scope.workspace_id, segment_id=segment_id, active=True).order_by("id")


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[SegmentUse]:
    return await SegmentUse.filter(workspace_id=scope.workspace_id, id__in=list(ids))


async def page_for_each(
    scope: Scope, segment_ids: Sequence[int], first: int, after: tuple[datetime, int] | None = None
) -> dict[int, list[db.Record]]:
    """Returns up to `first` + 1 uses by segment id, last used first, after this (last_used_at, id)."""
    rows = await db.fetch(
        """
        SELECT uses.* FROM unnest($2::bigint[]) AS wanted (segment_id), LATERAL (
            SELECT * FROM segment_uses u
            WHERE u.workspace_id = $1 AND u.segment_id = wanted.segment_id
              AND ($4::timestamptz IS NULL OR (u.last_used_at, u.id) < ($4, $5::bigint))
            ORDER BY u.last_used_at DESC, u.id DESC LIMIT $3) AS uses
        """,
        scope.workspace_id,
        list(segment_ids),
        first + 1,
        *(after or (None, None)),
    )
    pages: dict[int, list[db.Record]] = {segment_id: [] for segment_id in segment_ids}
    for row in rows:
        pages[row["segment_id"]].append(row)
    return pages


async def count_for_each(scope: Scope, segment_ids: Sequence[int]) -> dict[int, int]:
    rows = await db.fetch(
        """
        SELECT segment_id, count(*) AS uses FROM segment_uses
        WHERE workspace_id = $1 AND segment_id = ANY($2::bigint[]) GROUP BY segment_id
        """,
        scope.workspace_id,
        list(segment_ids),
    )
    counted = {row["segment_id"]: row["uses"] for row in rows}
    return {segment_id: counted.get(segment_id, 0) for segment_id in segment_ids}


async def forget(scope: Scope, kind: UseKind, used_by_id: int) -> None:
    """Deletes the uses of a thing that never took effect."""
    await db.execute(
        "DELETE FROM segment_uses WHERE workspace_id = $1 AND kind = $2 AND used_by_id = $3",
        scope.workspace_id,
        kind,
        used_by_id,
    )
