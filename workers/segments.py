"""What the workers do for segments: large changes of members, the days written down, what is purged."""

from collections.abc import AsyncGenerator

from models import analytics, segment_contacts, segments, workspaces
from models.jobs import Job
from permissions.principal import Scope
from workers.tasks import Desk, Queue, Sweep


async def change_contacts(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """The handler of SEGMENT_CONTACTS jobs: one chunk after the other, going on after the last that was committed."""
    while await segment_contacts.take_step(scope, job):
        yield


async def write_days(desk: Desk) -> None:
    """Write down the days that have ended, workspace by workspace."""
    for workspace_id in await analytics.unwritten():
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None and not desk.stopping.is_set():
            await analytics.write_days(scope)


async def purge_segments(desk: Desk) -> None:
    """Remove the segments that can no longer be restored."""
    for workspace_id, segment_id in await segments.expired():
        if not desk.stopping.is_set():
            await segments.purge(workspace_id, segment_id)


SWEEPS = [
    Sweep("write_days", Queue.BULK, write_days, every_seconds=600, alone=True),
    Sweep("purge_segments", Queue.BULK, purge_segments, every_seconds=3600, alone=True),
]
