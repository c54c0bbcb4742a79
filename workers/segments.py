"""Large changes of members, backfills, daily sums, purges."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from models import db
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
"""Per segment, while others wait."""


async def change_contacts(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Runs a SEGMENT_CONTACTS job, from its last committed chunk."""
    while await members.process_step(scope, job):
        yield


async def backfill_members(context: WorkerContext, workspace_id: int, segment_id: int) -> None:
    """Logs members of a deleted or restored segment, and enqueues the rest."""
    await context.broker.acknowledge(work.BACKFILL_MEMBERS, workspace_id, segment_id)
    scope = await workspaces.find_system_scope(workspace_id)
    ends_at = time.monotonic() + BACKFILL_SECONDS
    while scope is not None and not context.stopping.is_set():
        outcome = await segments.backfill_step(scope, segment_id)
        if outcome is None or not outcome.backfilling:
            return
        if time.monotonic() >= ends_at:
            await enqueue(work.BACKFILL_MEMBERS, workspace_id, segment_id)
            return


async def find_unfinished_backfills(_: WorkerContext) -> None:
    for workspace_id, segment_id in await backfill.waiting():
        await enqueue(work.BACKFILL_MEMBERS, workspace_id, segment_id)


async def write_days(context: WorkerContext) -> None:
    for workspace_id in await analytics.unwritten():
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None and not context.stopping.is_set():
            with _alone("days not written", workspace=workspace_id):
                await analytics.write_days(scope)


async def purge_segments(context: WorkerContext) -> None:
    for workspace_id, segment_id in await purge.expired():
        if not context.stopping.is_set():
            with _alone("segment not purged", workspace=workspace_id, segment=segment_id):
                await purge.purge(workspace_id, segment_id)


@contextmanager
def _alone(event: str, **about: int) -> Iterator[None]:
    """Logs an error and goes on: the task tries again next time."""
    try:
        yield
    except Exception as error:  # must not stop the others
        if not db.logged_as_outage(error):
            log.warning(event, error=type(error).__name__, exc_info=True, **about)


TASKS = [Task(work.BACKFILL_MEMBERS, backfill_members)]
PERIODIC_TASKS = [
    PeriodicTask("find_unfinished_backfills", Queue.BULK, find_unfinished_backfills, every_seconds=2, alone=True),
    PeriodicTask("write_days", Queue.BULK, write_days, every_seconds=600, alone=True),
    PeriodicTask("purge_segments", Queue.BULK, purge_segments, every_seconds=3600, alone=True),
]
