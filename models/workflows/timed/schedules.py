"""Schedules: at each occurrence the members of a segment enter, some thousand at a time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from models import db
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.thresholds import first_instant
from models.workflows.causes import NOBODY
from models.workflows.engine_lock import has_ticked
from models.workflows.graph.events import Scheduled
from models.workflows.graph.tree import Trigger
from models.workflows.plan import Plan
from models.workflows.run import Candidate, Run
from models.workflows.timed import progress
from models.workflows.timed.progress import AT_ONCE, Progress
from models.workflows.timing.local_times import wall_of
from models.workflows.timing.recurrences import next_recurrence, read_recurrence
from permissions.principal import Scope

LOOK_AGAIN: Final = timedelta(milliseconds=50)
"""The engine of segments has to come to the occurrence first."""


async def candidates(run: Run, plan: Plan, trigger: Trigger, known: Progress | None) -> list[Candidate]:
    """Those who enter now: members as of the occurrence. For several occurrences that were missed a contact enters once."""
    on = trigger.on
    assert isinstance(on, Scheduled)
    now = await _known(run, plan, trigger, on, known)
    if now.running_at is None and now.next_at is not None and now.next_at <= run.now:
        if not has_ticked(run.lock, now.next_at):
            await enqueue(work.PROCESS_CHANGES, run.workspace_id)
            run.moments.append(run.now + LOOK_AGAIN)
            return []
        now = now.begun(now.next_at)
    if now.running_at is None:
        run.moments += [now.next_at] if now.next_at is not None else []
        return []
    contact_ids = await _members(run, on.segment_id, now.after_id)
    await _go_on(run, on, now, now.running_at, contact_ids)
    return [
        Candidate(plan, trigger.key, contact_id, run.now, NOBODY, since=now.running_at, by_time=True)
        for contact_id in contact_ids
    ]


async def forget(scope: Scope, workflow_id: int) -> None:
    """Schedules of a workflow that let nobody in begin anew: what came meanwhile does not come late.

    Under the lock of the engine.
    """
    await db.execute(
        "DELETE FROM workflow_schedules WHERE workspace_id = $1 AND workflow_id = $2", scope.workspace_id, workflow_id
    )


async def _known(run: Run, plan: Plan, trigger: Trigger, on: Scheduled, known: Progress | None) -> Progress:
    """How far it has come; from another time zone of the workspace on, by its clocks."""
    zone = None if known is None else _zone_of(known, on)
    if known is None or zone is None:
        return await _begin(run, plan, trigger, on)
    if zone == run.scope.timezone or known.running_at is not None:
        return known
    if not _comes_by_the_clock(on):
        return await _begin(run, plan, trigger, on)
    moved = _moved(known, ZoneInfo(zone), ZoneInfo(run.scope.timezone))
    moved = replace(moved, spec=_spec(on, run.scope.timezone))
    await progress.store(run, moved)
    return moved


def _comes_by_the_clock(on: Scheduled) -> bool:
    """Whether it comes at times of the day, and not after so many hours."""
    try:
        return not read_recurrence(on.rrule).is_hourly
    except ValueError:  # refused when it was published
        return False


def _moved(known: Progress, before: ZoneInfo, zone: ZoneInfo) -> Progress:
    """The same local times in another zone. What is over there by now comes at once; what has come does not come again."""
    begins_at, next_at = (
        None if moment is None else first_instant(wall_of(moment, before), zone)
        for moment in (known.begins_at, known.next_at)
    )
    assert begins_at is not None
    return replace(known, begins_at=begins_at, next_at=next_at)


def _spec(on: Scheduled, timezone: str) -> str:
    return f"{on.rrule} {on.segment_id} {timezone}"


def _zone_of(known: Progress, on: Scheduled) -> str | None:
    """The zone by whose clocks it was computed; None: it was another schedule."""
    same = _spec(on, "")
    return known.spec.removeprefix(same) if known.spec.startswith(same) else None


async def _begin(run: Run, plan: Plan, trigger: Trigger, on: Scheduled) -> Progress:
    """Counted from now: when the workflow was activated, or the schedule was changed."""
    zone = run.scope.timezone
    begun = Progress(plan.workflow_id, trigger.key, _spec(on, zone), run.now, _next(on, run.now, run.now, zone))
    await progress.store(run, begun)
    return begun


def _next(on: Scheduled, begins_at: datetime, after: datetime, timezone: str) -> datetime | None:
    try:
        recurrence = read_recurrence(on.rrule)
    except ValueError:  # refused when it was published
        return None
    return next_recurrence(recurrence, begins_at, after, ZoneInfo(timezone))


async def _go_on(run: Run, on: Scheduled, now: Progress, occurrence: datetime, contact_ids: list[int]) -> None:
    if len(contact_ids) == AT_ONCE:
        await progress.store(run, now.at(contact_ids[-1]))
        run.moments.append(run.now)
        return
    over = now.over(_next(on, now.begins_at, occurrence, _zone_of(now, on) or run.scope.timezone))
    if over.next_at is not None:
        run.moments.append(over.next_at)
    await progress.store(run, over)


async def _members(run: Run, segment_id: int, after_id: int) -> list[int]:
    rows = await db.fetch(_MEMBERS, run.workspace_id, segment_id, after_id, AT_ONCE)
    return [row["contact_id"] for row in rows]


_MEMBERS: Final = """
    SELECT contact_id FROM memberships
    WHERE workspace_id = $1 AND segment_id = $2 AND contact_id > $3
      AND EXISTS (SELECT 1 FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL)
    ORDER BY contact_id LIMIT $4
"""
