"""What the workers do for segments: large changes of members, large deletions told, the days written down, what is purged."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from models import analytics, segment_contacts, segment_purging, segments, workspaces
from models.jobs import Job
from models.membership import telling
from models.segments import Outcome
from permissions.principal import Scope
from workers.tasks import Desk, Queue, Sweep, Task

log = structlog.get_logger(__name__)

TURN_SECONDS: Final = 5.0
"""How long the members of one segment are told of while others may be waiting."""


async def change_contacts(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """The handler of SEGMENT_CONTACTS jobs: one chunk after the other, going on after the last that was committed."""
    while await segment_contacts.take_step(scope, job):
        yield


async def tell_members(desk: Desk, workspace_id: int, segment_id: int) -> None:
    """The members of a deleted segment told to have left, or to be back; then, if more are left, to the end of the line."""
    await desk.bells.answered("tell_members", workspace_id, segment_id)
    scope = await workspaces.find_system_scope(workspace_id)
    ends_at = time.monotonic() + TURN_SECONDS
    while scope is not None and not desk.stopping.is_set():
        outcome = await segments.tell_on(scope, segment_id)
        if outcome is None:
            return
        await _ring(desk, outcome)
        if not outcome.telling:
            return
        if time.monotonic() >= ends_at:
            await desk.bells.job(Queue.BULK, "tell_members", workspace_id, segment_id)
            return


async def _ring(desk: Desk, outcome: Outcome) -> None:
    workspace_id = outcome.segment.workspace_id
    await desk.bells.members(workspace_id)
    for segment_id in outcome.building:
        await desk.bells.rule(workspace_id, segment_id)


async def find_untold(desk: Desk) -> None:
    """Deleted segments, and those that are to come back, of whose members there is something left to tell."""
    for workspace_id, segment_id in await telling.waiting():
        await desk.bells.job(Queue.BULK, "tell_members", workspace_id, segment_id)


async def write_days(desk: Desk) -> None:
    """Write down the days that have ended, workspace by workspace."""
    for workspace_id in await analytics.unwritten():
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None and not desk.stopping.is_set():
            with _alone("days not written down", workspace=workspace_id):
                await analytics.write_days(scope)


async def purge_segments(desk: Desk) -> None:
    """Remove the segments that can no longer be restored."""
    for workspace_id, segment_id in await segment_purging.expired():
        if not desk.stopping.is_set():
            with _alone("segment not purged", workspace=workspace_id, segment=segment_id):
                await segment_purging.purge(workspace_id, segment_id)


@contextmanager
def _alone(event: str, **about: int) -> Iterator[None]:
    """What fails inside is logged, and holds up nobody else: it is tried again the next time."""
    try:
        yield
    except Exception as error:  # whatever it is about this one, the others may go well
        log.warning(event, error=type(error).__name__, exc_info=True, **about)


TASKS = [Task("tell_members", Queue.BULK, tell_members)]
SWEEPS = [
    Sweep("find_untold", Queue.BULK, find_untold, every_seconds=2, alone=True),
    Sweep("write_days", Queue.BULK, write_days, every_seconds=600, alone=True),
    Sweep("purge_segments", Queue.BULK, purge_segments, every_seconds=3600, alone=True),
]
