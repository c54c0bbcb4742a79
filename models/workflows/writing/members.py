"""Closes what a batch did to members of segments, and marks and wakes what reads them."""

from models import db
from models.membership import apply, compiled_rules
from models.membership import engine_lock as segment_lock
from models.membership.apply import Append
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import MANY
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.contact_changes import membership_changed
from models.workflows.run import Run


async def close_members(run: Run) -> None:
    """Marks those whose segments other rules read, and gives the changes of members their positions.

    LOCKS: the lock of the engine of segments, so that no build begins to read meanwhile; then the head of the log.
    """
    append = run.written_members
    if append is None or not append.size:
        return
    lock = await segment_lock.take(run.workspace_id)
    compiled = await compiled_rules.current(run.workspace_id, lock.epoch)
    await _mark(run, {one.segment_id for one in run.moved if _is_read(compiled, one.segment_id)})
    position = await apply.close(append)
    if position is not None:
        await _record_causes(run, append, position)


def _is_read(compiled: CompiledRules, segment_id: int) -> bool:
    change = membership_changed(segment_id)
    return compiled.is_read(change) or any(change in build.reads for build in compiled.builds)


async def _mark(run: Run, segment_ids: set[int]) -> None:
    rows = [
        (contact_id, membership_changed(moved.segment_id), str(cause) or None)
        for moved in run.moved
        for contact_id, cause in (moved.causes.items() if moved.segment_id in segment_ids else ())
    ]
    if rows:
        columns = map(list, zip(*rows, strict=True))
        await db.execute(_MARK, run.workspace_id, len(rows) > MANY, run.lock.clock_at, *columns)
        await enqueue(work.PROCESS_CHANGES, run.workspace_id)


_MARK = """
INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk, marked_at, cause)
SELECT $1, contact_id, ARRAY[change], $2, $3, cause
FROM unnest($4::bigint[], $5::text[], $6::text[]) AS n (contact_id, change, cause)
"""


async def _record_causes(run: Run, append: Append, position: int) -> None:
    """For workflows that listen to the segments that were changed."""
    listened = [one for one in run.moved if membership_changed(one.segment_id) in run.plans.listened]
    if not listened:
        return
    await enqueue(work.PROCESS_WORKFLOWS, run.workspace_id)
    start = position - append.size
    rows = [
        (start + moved.until, contact_id, moved.segment_id, start + moved.after, str(cause))
        for moved in listened
        for contact_id, cause in moved.causes.items()
        if cause.chains
    ]
    if rows:
        await db.execute(_RECORD_CAUSES, run.workspace_id, *map(list, zip(*rows, strict=True)))


_RECORD_CAUSES = """
INSERT INTO workflow_causes (workspace_id, position, contact_id, segment_id, after_position, cause)
SELECT $1, position, contact_id, segment_id, after_position, cause
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
    AS n (position, contact_id, segment_id, after_position, cause)
"""
