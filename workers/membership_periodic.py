"""What the workers look for by themselves: work whose bell was lost, and work that nobody rings for."""

from datetime import timedelta

from models.changelog import retention
from models.membership import builds, dirty_contacts, engine_lock
from workers.context import PeriodicTask, Queue, WorkerContext


async def find_changes(context: WorkerContext) -> None:
    """Workspaces with marks: from operators in psql, and from writers whose bell was lost."""
    for workspace_id in await dirty_contacts.waiting():
        await context.bells.changes(workspace_id)


async def tick(context: WorkerContext) -> None:
    """Workspaces whose rules look at the time."""
    for workspace_id in await engine_lock.due_for_a_tick():
        await context.bells.changes(workspace_id)


async def find_builds(context: WorkerContext) -> None:
    """Segments that wait for their rule to be built."""
    for workspace_id, segment_id in await builds.wanted():
        await context.bells.rule(workspace_id, segment_id)


async def drop_old_changes(context: WorkerContext) -> None:
    """The logs are kept for so many days."""
    kept = timedelta(days=context.config.change_log_days)
    for log in retention.LOGS:
        while not context.stopping.is_set() and await retention.drop_older_than(kept, log):
            pass


PERIODIC_TASKS = [
    PeriodicTask("find_changes", Queue.REALTIME, find_changes, every_seconds=0.2),
    PeriodicTask("tick", Queue.REALTIME, tick, every_seconds=0.1),
    PeriodicTask("find_builds", Queue.BULK, find_builds, every_seconds=2),
    PeriodicTask("drop_old_changes", Queue.BULK, drop_old_changes, every_seconds=3600, alone=True),
]
