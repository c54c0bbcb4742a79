"""No condition on a segment is decided before the segment includes what led to it."""

from collections.abc import Sequence

from models import db
from models.queue import work
from models.queue.enqueue import enqueue
from models.workflows.arrivals import PENDING, TICK, Arrival
from models.workflows.engine_lock import has_ticked
from models.workflows.run import Candidate, Run


async def those_fresh(run: Run, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals whose segments are right; the others are held until they are.

    For those that time woke, thresholds up to then are crossed too.
    """
    asked = [arrival for arrival in arrivals if arrival.by_time or arrival.has_changed or arrival.fresh_at is not None]
    if not asked:
        return list(arrivals)
    changed = await _changed(run, asked)
    fresh = []
    for arrival in arrivals:
        if arrival.has_changed:  # by this batch: the marks are not processed before it has committed
            arrival.hold_until_fresh(PENDING, run.now)
        elif arrival.by_time and not _has_ticked(run, arrival):
            arrival.hold_until_fresh(TICK, run.now)
        elif arrival.contact_id in changed:
            arrival.fresh_at = run.lock.clock_at if arrival.by_time else arrival.fresh_at
            arrival.hold_until_fresh(PENDING, run.now)
        else:
            fresh.append(arrival)
    if len(fresh) < len(arrivals):
        await enqueue(work.PROCESS_CHANGES, run.workspace_id)
    return fresh


async def those_entering_fresh(run: Run, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates whose segments are right. The others are decided by a later batch."""
    asked = [one for one in candidates if one.by_time or one.fresh_at is not None]
    changed = await _changed(run, asked) if asked else set()
    fresh = []
    for one in candidates:
        if one.has_changed or one.contact_id in changed or (one.by_time and not has_ticked(run.lock, one.at)):
            run.deferred.append(one)
        else:
            fresh.append(one)
    if len(fresh) < len(candidates):
        await enqueue(work.PROCESS_CHANGES, run.workspace_id)
    return fresh


async def those_heard(run: Run, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals of whose contacts everything is heeded that has happened so far; the others are held until it is."""
    fresh = await those_fresh(run, arrivals)
    rows = await db.fetch(_UNHEARD, run.workspace_id, [arrival.contact_id for arrival in fresh]) if fresh else []
    unheard = {row["contact_id"] for row in rows}
    for arrival in fresh:
        if arrival.contact_id in unheard:
            arrival.hold_until_fresh(PENDING, run.now)
    return [arrival for arrival in fresh if arrival.contact_id not in unheard]


_UNHEARD = """
SELECT DISTINCT contact_id FROM workflow_signals WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[])
"""


def _has_ticked(run: Run, arrival: Arrival) -> bool:
    """Whether thresholds are crossed up to when time woke it."""
    if arrival.fresh_at is None:
        arrival.fresh_at = run.lock.now
    return has_ticked(run.lock, arrival.fresh_at)


async def _changed(run: Run, arrivals: Sequence[Arrival | Candidate]) -> set[int]:
    rows = await db.fetch(
        _CHANGED,
        run.workspace_id,
        [arrival.contact_id for arrival in arrivals],
        [run.lock.clock_at if arrival.by_time else arrival.fresh_at for arrival in arrivals],
    )
    return {row["contact_id"] for row in rows}


_CHANGED = """
SELECT DISTINCT d.contact_id
FROM unnest($2::bigint[], $3::timestamptz[]) AS asked (contact_id, fresh_at)
JOIN dirty_contacts AS d ON d.workspace_id = $1 AND d.contact_id = asked.contact_id AND d.marked_at <= asked.fresh_at
"""
