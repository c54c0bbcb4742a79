"""Periodic tasks that find work that nobody enqueued, or whose message was lost."""

from models.membership import builds, dirty_contacts, engine_lock
from models.queue import work
from models.queue.enqueue import enqueue
from workers.context import PeriodicTask, Queue, WorkerContext


async def find_changes(_: WorkerContext) -> None:
    """Marks may be written in psql, and messages get lost."""
    for workspace_id in await dirty_contacts.waiting():
        await enqueue(work.PROCESS_CHANGES, workspace_id)


async def tick(_: WorkerContext) -> None:
    for workspace_id in await engine_lock.due_for_a_tick():
        await enqueue(work.PROCESS_CHANGES, workspace_id)


async def find_builds(_: WorkerContext) -> None:
    for workspace_id, segment_id in await builds.wanted():
        await enqueue(work.REBUILD, workspace_id, segment_id)


PERIODIC_TASKS = [
    PeriodicTask("find_changes", Queue.REALTIME, find_changes, every_seconds=0.2),
    PeriodicTask("tick", Queue.REALTIME, tick, every_seconds=0.1),
    PeriodicTask("find_builds", Queue.BULK, find_builds, every_seconds=2),
]
