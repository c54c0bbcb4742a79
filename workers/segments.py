"""What the workers do for segments: large changes of members, large deletions told, the days written down, what is purged."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from models.accounts import workspaces
from models.membership import backfill
from models.queue import work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job
from models.segments import analytics, members, purge, segments
from permissions.principal import Scope
from workers.context import PeriodicTask, Queue, Task, WorkerContext

log = structlog.get_logger(__name__)

BACKFILL_SECONDS: Final = 5.0
"""How long the members of one segment are told of while others may be waiting."""


async def change_contacts(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """The handler of SEGMENT_CONTACTS jobs: one chunk after the other, going on after the last that was committed."""
    while await members.process_step(scope, job):
        yield


async def backfill_members(context: WorkerContext, workspace_id: int, segment_id: int) -> None:
    """The members of a deleted segment told to have left, or to be back; then, if more are left, to the end of the line."""
    await context.broker.acknowledge(work.BACKFILL_MEMBERS, workspace_id, segment_id)
    scope = await workspaces.find_system_scope(workspace_id)
    ends_at = time.monotonic() + BACKFILL_SECONDS
    while scope is not None and not context.stopping.is_set():
        outcome = await segments.backfill_step(scope, segment_id)
        if outcome is None or not outcome.telling:
            return
        if time.monotonic() >= ends_at:
            await enqueue(work.BACKFILL_MEMBERS, workspace_id, segment_id)
            return


async def find_unfinished_backfills(_: WorkerContext) -> None:
    """Deleted segments, and those that are to come back, of whose members there is something left to tell."""
    for workspace_id, segment_id in await backfill.waiting():
        await enqueue(work.BACKFILL_MEMBERS, workspace_id, segment_id)


async def write_days(context: WorkerContext) -> None:
    """Write down the days that have ended, workspace by workspace."""
    for workspace_id in await analytics.unwritten():
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None and not context.stopping.is_set():
            with _alone("days not written down", workspace=workspace_id):
                await analytics.write_days(scope)


async def purge_segments(context: WorkerContext) -> None:
    """Remove the segments that can no longer be restored."""
    for workspace_id, segment_id in await purge.expired():
        if not context.stopping.is_set():
            with _alone("segment not purged", workspace=workspace_id, segment=segment_id):
                await purge.purge(workspace_id, segment_id)


@contextmanager
def _alone(event: str, **about: int) -> Iterator[None]:
    """What fails inside is logged, and holds up nobody else: it is tried again the next time."""
    try:
        yield
    except Exception as error:  # whatever it is about this one, the others may go well
        log.warning(event, error=type(error).__name__, exc_info=True, **about)


TASKS = [Task(work.BACKFILL_MEMBERS, backfill_members)]
PERIODIC_TASKS = [
    PeriodicTask("find_untold", Queue.BULK, find_unfinished_backfills, every_seconds=2, alone=True),
    PeriodicTask("write_days", Queue.BULK, write_days, every_seconds=600, alone=True),
    PeriodicTask("purge_segments", Queue.BULK, purge_segments, every_seconds=3600, alone=True),
]
