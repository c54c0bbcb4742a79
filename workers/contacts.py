"""Changes tags everywhere, enforces opt-outs, and removes values of deleted fields, unused tags, marks of single twins
snapshots of old merges and old rejections of tracking keys."""

from collections.abc import AsyncGenerator
from typing import Final

from models.accounts import workspaces
from models.contacts import fields, person_consent, twins, unused_tags
from models.identity import snapshots
from models.queue.jobs import Job
from models.tag_changes import tag_changes
from models.tracking import rejections
from permissions.principal import Scope
from workers.context import PeriodicTask, Queue, WorkerContext


async def remove_values(context: WorkerContext) -> None:
    """Removes values of deleted fields, for at most 5 seconds."""
    if not context.stopping.is_set():
        await fields.remove_values_of_deleted(seconds=5.0)


async def release_twins(context: WorkerContext) -> None:
    if not context.stopping.is_set():
        await twins.release_all()


async def forget_merges(context: WorkerContext) -> None:
    if not context.stopping.is_set():
        await snapshots.forget_old()


async def forget_rejections(context: WorkerContext) -> None:
    if not context.stopping.is_set():
        await rejections.forget_old()


async def enforce_opt_outs(context: WorkerContext) -> None:
    if not context.stopping.is_set():
        await person_consent.enforce_recent()


async def change_tag(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Continues after the last committed chunk."""
    async for _ in tag_changes.carry_on(scope, job):
        yield


async def forget_unused_tags(context: WorkerContext) -> None:
    for workspace_id in await unused_tags.workspaces_to_check():
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None and not context.stopping.is_set():
            await unused_tags.forget_unused(scope)


PERIODIC_TASKS: Final = [
    PeriodicTask("forget_unused_tags", Queue.BULK, forget_unused_tags, every_seconds=60, alone=True),
    PeriodicTask("forget_merges", Queue.BULK, forget_merges, every_seconds=3600, alone=True),
    PeriodicTask("forget_rejections", Queue.BULK, forget_rejections, every_seconds=3600, alone=True),
    PeriodicTask("enforce_opt_outs", Queue.BULK, enforce_opt_outs, every_seconds=60, alone=True),
    PeriodicTask("remove_values", Queue.BULK, remove_values, every_seconds=10, alone=True),
    PeriodicTask("release_twins", Queue.BULK, release_twins, every_seconds=60, alone=True),
]
