"""What time brings about in a batch: members taken out, rules that became true, dates and schedules that let in."""

from models.workflows import keeps
from models.workflows.graph.events import Scheduled
from models.workflows.run import Candidate, Run
from models.workflows.timed import crossings, dates, progress, schedules, zone_changes, zones


async def look(run: Run) -> list[Candidate]:
    """Returns those that a date or a schedule lets in."""
    await zones.recompute_after_change(run)
    await zone_changes.remember(run)
    await keeps.end_due(run)
    await crossings.heed(run, run.lock.ticked_at)
    triggers = progress.timed_triggers(run)
    known = await progress.load(run, triggers)
    found: list[Candidate] = []
    for plan, trigger in triggers:
        kind = schedules if isinstance(trigger.on, Scheduled) else dates
        found += await kind.candidates(run, plan, trigger, known.get((plan.workflow_id, trigger.key)))
    return found


async def look_ahead(run: Run) -> None:
    """Adds the moments at which time next brings something about, but for waits and timers."""
    await crossings.look_ahead(run)
    for plan, trigger in progress.timed_triggers(run):
        if not isinstance(trigger.on, Scheduled):
            await dates.look_ahead(run, plan, trigger)
