"""The timers of SEGMENT_KEEP, which belong to the member and not to the enrollment: edits, pauses and ends leave them alone.

A member that left, and was put in again later by somebody else, is another one: the timer is not its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models import db
from models.membership import apply
from models.membership.origins import Origin
from models.workflows import holding
from models.workflows.causes import NOBODY
from models.workflows.run import Moved, Run

AT_ONCE: Final = 10_000

LOOK_AGAIN: Final = timedelta(hours=1)
"""After a deleted segment, which may be restored with its members."""


@dataclass(frozen=True, slots=True)
class Keep:
    segment_id: int
    workflow_id: int
    node: int
    renew: bool


async def forget_those_who_left(run: Run, segment_id: int, contact_ids: Sequence[int]) -> None:
    """Before contacts are put into a segment: the timers of members that are no longer. This batch has begun none of them."""
    await db.execute(_FORGET, run.workspace_id, segment_id, list(contact_ids), run.now)


_FORGET: Final = """
    DELETE FROM workflow_keeps AS k
    WHERE k.workspace_id = $1 AND k.segment_id = $2 AND k.contact_id = ANY ($3::bigint[]) AND k.kept_at < $4
      AND NOT EXISTS (
        SELECT 1 FROM memberships AS m
        WHERE m.workspace_id = $1 AND m.segment_id = $2 AND m.contact_id = k.contact_id AND m.joined_at <= k.kept_at)
"""


async def begin(run: Run, keep: Keep, untils: Mapping[int, datetime]) -> None:
    """By contact, when each is taken out. Of who is kept already the time is anew if `renew`; another node's is not shortened."""
    await db.execute(
        _BEGIN + (_RENEW if keep.renew else " ON CONFLICT DO NOTHING"),
        run.workspace_id,
        keep.segment_id,
        keep.workflow_id,
        keep.node,
        run.test_id,
        list(untils),
        list(untils.values()),
        run.now,
    )


# Who put somebody in may have a clock that is ahead.
_BEGIN: Final = """
    INSERT INTO workflow_keeps AS known (workspace_id, segment_id, contact_id, workflow_id, node, until, test_id, kept_at)
    SELECT $1::bigint, $2::bigint, new.contact_id, $3::bigint, $4::smallint, new.until, $5::bigint,
           greatest($8::timestamptz, m.joined_at)
    FROM unnest($6::bigint[], $7::timestamptz[]) AS new (contact_id, until)
    LEFT JOIN memberships AS m ON m.workspace_id = $1 AND m.segment_id = $2 AND m.contact_id = new.contact_id
    ORDER BY new.contact_id
"""

_RENEW: Final = """
    ON CONFLICT (workspace_id, segment_id, contact_id) DO UPDATE SET
        until = CASE WHEN known.workflow_id = excluded.workflow_id AND known.node = excluded.node THEN excluded.until
                     ELSE greatest(known.until, excluded.until) END,
        workflow_id = excluded.workflow_id, node = excluded.node, test_id = excluded.test_id,
        kept_at = excluded.kept_at
"""


async def end_due(run: Run) -> None:
    """Takes out those whose time is over, of a test run by its own clock.

    LOCKS: the swap locks of their segments, as every writer of members does.
    """
    rows = await db.fetch(_DUE, run.workspace_id, run.now, run.test_id, AT_ONCE)
    await _take_out_all(run, rows)
    if len(rows) == AT_ONCE:
        run.moments.append(run.now)


async def _take_out_all(run: Run, rows: Sequence[db.Record]) -> None:
    of_segment: dict[int, list[db.Record]] = {}
    for row in rows:
        of_segment.setdefault(row["segment_id"], []).append(row)
    for segment_id, due in sorted(of_segment.items()):
        await _take_out(run, segment_id, due)


async def end_all(run: Run, contact_ids: Sequence[int]) -> None:
    """Takes out the contacts that this test run keeps: a clock that stands still ends no time.

    LOCKS: as `end_due`.
    """
    assert run.test_id is not None, "only a test run ends before its time"
    rows = await db.fetch(_OF_TEST, run.workspace_id, run.test_id, list(contact_ids))
    await _take_out_all(run, rows)


_OF_TEST: Final = """
    DELETE FROM workflow_keeps WHERE workspace_id = $1 AND test_id = $2 AND contact_id = ANY ($3::bigint[])
    RETURNING segment_id, contact_id, workflow_id, node, kept_at
"""


# By the index of their times; several batches end many.
_DUE: Final = """
    WITH due AS MATERIALIZED (
        SELECT segment_id, contact_id FROM workflow_keeps
        WHERE workspace_id = $1 AND until <= $2 AND test_id IS NOT DISTINCT FROM $3 ORDER BY until LIMIT $4)
    DELETE FROM workflow_keeps AS k USING due
    WHERE k.workspace_id = $1 AND k.segment_id = due.segment_id AND k.contact_id = due.contact_id
    RETURNING k.segment_id, k.contact_id, k.workflow_id, k.node, k.kept_at
"""


async def _take_out(run: Run, segment_id: int, due: Sequence[db.Record]) -> None:
    await holding.hold_segment(run.held, segment_id)
    segment = await db.fetch_row(_STATIC, run.workspace_id, segment_id)
    if segment is None:
        return
    contact_ids, kept_at = [row["contact_id"] for row in due], [row["kept_at"] for row in due]
    if segment["deleted_at"] is not None:
        if run.test_id is None:
            columns = [row["workflow_id"] for row in due], [row["node"] for row in due], kept_at
            await db.execute(_PUT_OFF, run.workspace_id, segment_id, run.now + LOOK_AGAIN, contact_ids, *columns)
        return
    rows = await db.fetch(_STILL_KEPT, run.workspace_id, segment_id, contact_ids, kept_at)
    kept = [row["contact_id"] for row in rows]
    append = await run.members()
    before = append.size
    if await apply.move(append, segment_id, kept, entered=False, origin=Origin.WORKFLOW):
        run.moved.append(Moved(segment_id, before, append.size, dict.fromkeys(kept, NOBODY)))


_STATIC: Final = "SELECT deleted_at FROM segments WHERE workspace_id = $1 AND id = $2 AND kind = 'STATIC'"

_STILL_KEPT: Final = """
    SELECT m.contact_id FROM unnest($3::bigint[], $4::timestamptz[]) AS kept (contact_id, kept_at)
    JOIN memberships AS m ON m.workspace_id = $1 AND m.segment_id = $2 AND m.contact_id = kept.contact_id
    WHERE m.joined_at <= kept.kept_at
"""

_PUT_OFF: Final = """
    INSERT INTO workflow_keeps (workspace_id, segment_id, contact_id, workflow_id, node, until, kept_at)
    SELECT $1, $2, contact_id, workflow_id, node, $3, kept_at
    FROM unnest($4::bigint[], $5::bigint[], $6::smallint[], $7::timestamptz[]) AS due (contact_id, workflow_id, node, kept_at)
"""
