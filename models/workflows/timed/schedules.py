"""Schedules: at each occurrence the members of a segment enter, some thousand at a time."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from models import db
from models.workflows.causes import NOBODY
from models.workflows.graph.events import Scheduled
from models.workflows.graph.tree import Trigger
from models.workflows.plans import Plan
from models.workflows.run import Candidate, Run
from models.workflows.timed import progress
from models.workflows.timed.progress import AT_ONCE, Progress
from models.workflows.timing.recurrences import next_recurrence, read_recurrence


async def candidates(run: Run, plan: Plan, trigger: Trigger, known: Progress | None) -> list[Candidate]:
    """Those who enter now. For several occurrences that were missed a contact enters once."""
    on = trigger.on
    assert isinstance(on, Scheduled)
    now = known if known is not None and known.spec == _spec(run, on) else await _begin(run, plan, trigger, on)
    if now.running_at is None and now.next_at is not None and now.next_at <= run.now:
        now = now.begun(now.next_at)
    if now.running_at is None:
        run.moments += [now.next_at] if now.next_at is not None else []
        return []
    contact_ids = await _members(run, on.segment_id, now.after_id)
    await _go_on(run, on, now, now.running_at, contact_ids)
    return [
        Candidate(plan, trigger.key, contact_id, run.now, NOBODY, since=now.running_at) for contact_id in contact_ids
    ]


def _spec(run: Run, on: Scheduled) -> str:
    return f"{on.rrule} {on.segment_id} {run.scope.timezone}"


async def _begin(run: Run, plan: Plan, trigger: Trigger, on: Scheduled) -> Progress:
    """Counted from now: when the workflow was activated, or the schedule was changed."""
    begun = Progress(plan.workflow_id, trigger.key, _spec(run, on), run.now, _next(run, on, run.now, run.now))
    await progress.store(run, begun)
    return begun


def _next(run: Run, on: Scheduled, begins_at: datetime, after: datetime) -> datetime | None:
    try:
        recurrence = read_recurrence(on.rrule)
    except ValueError:  # refused when it was published
        return None
    return next_recurrence(recurrence, begins_at, after, ZoneInfo(run.scope.timezone))


async def _go_on(run: Run, on: Scheduled, now: Progress, occurrence: datetime, contact_ids: list[int]) -> None:
    if len(contact_ids) == AT_ONCE:
        await progress.store(run, now.at(contact_ids[-1]))
        run.moments.append(run.now)
        return
    over = now.over(_next(run, on, now.begins_at, occurrence))
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
