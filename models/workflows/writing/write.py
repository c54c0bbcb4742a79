"""Writes what a batch did: who is inside and who was, entries, figures, steps, and what members changed."""

from collections.abc import Sequence

from models import db
from models.changelog.append import commit_beside
from models.workflows import engine_lock, steps
from models.workflows.arrivals import PENDING, Arrival
from models.workflows.run import Run
from models.workflows.writing import enrollments, entries, members, trails


async def write(run: Run) -> bool:
    """Returns whether some who were moved are to be moved on at once, in another batch."""
    if run.behind is None:
        async with db.Pipeline() as run.behind:
            await _write_all(run, run.behind)
        run.behind = None
    else:
        await _write_all(run, run.behind)
    if run.steps is not None:
        await commit_beside(run.steps)  # before what others wait for is locked
        await steps.logged(run.steps, run.steps.size)
    await run.counts.write(run.scope)
    await members.close_members(run)
    return any(arrival.has_changed and arrival.reason == PENDING and arrival.ended is None for arrival in run.arrivals)


async def _write_all(run: Run, pipeline: db.Pipeline) -> None:
    await write_rested(run, pipeline)
    await entries.write_turned_away(run, pipeline)
    await pipeline.finish()


async def write_rested(run: Run, pipeline: db.Pipeline) -> None:
    """Writes, or sends to be written, the arrivals that are not written yet. They have come to rest."""
    arrivals = run.arrivals[run.written :]
    run.written = len(run.arrivals)
    await _stay_until_fresh(arrivals)
    await trails.write_trails(run, arrivals, pipeline)
    await enrollments.write_ended(run, arrivals, pipeline)  # first: another one of the contact may be inside now
    await enrollments.write_inside(run, arrivals, pipeline)
    await entries.write_entries(run, pipeline)


async def _stay_until_fresh(arrivals: Sequence[Arrival]) -> None:
    """Those whose contact was changed read segments when these include it."""
    changed = [arrival for arrival in arrivals if arrival.has_changed and arrival.ended is None]
    if changed:
        clock_at = await db.fetch_value("SELECT clock_timestamp()")
        for arrival in changed:
            arrival.fresh_at = clock_at


async def record_next_moment(run: Run) -> None:
    """When time next has something to move. `moments` of the batch are those of dates, schedules and others."""
    wakes_at = await db.fetch_value(_NEXT, run.workspace_id)
    moments = [moment for moment in (wakes_at, *run.moments) if moment is not None]
    await engine_lock.record_due(run.workspace_id, min(moments, default=None), run.lock.now)


_NEXT = """
SELECT least(
    (SELECT min(wake_at) FROM enrollments WHERE workspace_id = $1 AND wake_at IS NOT NULL AND test_id IS NULL),
    (SELECT min(until) FROM workflow_keeps WHERE workspace_id = $1 AND test_id IS NULL))
"""
