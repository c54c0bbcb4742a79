"""What the workers look for by themselves: work whose bell was lost, and work that nobody rings for."""

from datetime import timedelta

from models.membership import builds, captures, feed, turns
from workers.tasks import Desk, Queue, Sweep


async def find_changes(desk: Desk) -> None:
    """Workspaces with marks: from operators in psql, and from writers whose bell was lost."""
    for workspace_id in await captures.waiting():
        await desk.bells.changes(workspace_id)


async def tick(desk: Desk) -> None:
    """Workspaces whose rules look at the time."""
    for workspace_id in await turns.due_for_a_tick():
        await desk.bells.changes(workspace_id)


async def find_builds(desk: Desk) -> None:
    """Segments that wait for their rule to be built."""
    for workspace_id, segment_id in await builds.wanted():
        await desk.bells.rule(workspace_id, segment_id)


async def drop_old_changes(desk: Desk) -> None:
    """The log is kept for so many days."""
    while await feed.drop_older_than(timedelta(days=desk.config.change_log_days)):
        if desk.stopping.is_set():
            return


SWEEPS = [
    Sweep("find_changes", Queue.REALTIME, find_changes, every_seconds=0.2),
    Sweep("tick", Queue.REALTIME, tick, every_seconds=0.1),
    Sweep("find_builds", Queue.BULK, find_builds, every_seconds=2),
    Sweep("drop_old_changes", Queue.BULK, drop_old_changes, every_seconds=3600, alone=True),
]
