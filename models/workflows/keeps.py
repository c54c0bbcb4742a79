"""The timers of SEGMENT_KEEP, which belong to the member and not to the enrollment: edits, pauses and ends leave them alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import db
from models.membership import apply
from models.membership.origins import Origin
from models.workflows import holding
from models.workflows.causes import NOBODY
from models.workflows.run import Moved, Run

AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Keep:
    segment_id: int
    workflow_id: int
    node: int
    renew: bool


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
    )


_BEGIN: Final = """
    INSERT INTO workflow_keeps AS known (workspace_id, segment_id, contact_id, workflow_id, node, until, test_id)
    SELECT $1::bigint, $2::bigint, contact_id, $3::bigint, $4::smallint, until, $5::bigint
    FROM unnest($6::bigint[], $7::timestamptz[]) AS new (contact_id, until) ORDER BY contact_id
"""

_RENEW: Final = """
    ON CONFLICT (workspace_id, segment_id, contact_id) DO UPDATE SET
        until = CASE WHEN known.workflow_id = excluded.workflow_id AND known.node = excluded.node THEN excluded.until
                     ELSE greatest(known.until, excluded.until) END,
        workflow_id = excluded.workflow_id, node = excluded.node, test_id = excluded.test_id
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
    of_segment: dict[int, list[int]] = {}
    for row in rows:
        of_segment.setdefault(row["segment_id"], []).append(row["contact_id"])
    for segment_id, contact_ids in sorted(of_segment.items()):
        await _take_out(run, segment_id, contact_ids)


async def end_all(run: Run, contact_ids: Sequence[int]) -> None:
    """Takes out the contacts that this test run keeps: a clock that stands still ends no time.

    LOCKS: as `end_due`.
    """
    assert run.test_id is not None, "only a test run ends before its time"
    rows = await db.fetch(_OF_TEST, run.workspace_id, run.test_id, list(contact_ids))
    await _take_out_all(run, rows)


_OF_TEST: Final = """
    DELETE FROM workflow_keeps WHERE workspace_id = $1 AND test_id = $2 AND contact_id = ANY ($3::bigint[])
    RETURNING segment_id, contact_id
"""


# By the index of their times; several batches end many.
_DUE: Final = """
    WITH due AS MATERIALIZED (
        SELECT segment_id, contact_id FROM workflow_keeps
        WHERE workspace_id = $1 AND until <= $2 AND test_id IS NOT DISTINCT FROM $3 ORDER BY until LIMIT $4)
    DELETE FROM workflow_keeps AS k USING due
    WHERE k.workspace_id = $1 AND k.segment_id = due.segment_id AND k.contact_id = due.contact_id
    RETURNING k.segment_id, k.contact_id
"""


async def _take_out(run: Run, segment_id: int, contact_ids: list[int]) -> None:
    await holding.hold_segment(run.held, segment_id)
    if not await db.fetch_value(_IS_STATIC, run.workspace_id, segment_id):
        return
    append = await run.members()
    before = append.size
    if await apply.move(append, segment_id, contact_ids, entered=False, origin=Origin.WORKFLOW):
        run.moved.append(Moved(segment_id, before, append.size, dict.fromkeys(contact_ids, NOBODY)))


_IS_STATIC: Final = """
    SELECT EXISTS (SELECT FROM segments WHERE workspace_id = $1 AND id = $2 AND kind = 'STATIC' AND deleted_at IS NULL)
"""
