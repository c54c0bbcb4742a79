"""Searches for contacts that may be one person, where there are many."""

from models.identity import duplicate_searches
from models.queue import work
from models.queue.enqueue import enqueue
from workers.context import PeriodicTask, Queue, Task, WorkerContext


async def find_duplicates(context: WorkerContext, workspace_id: int) -> None:
    await context.broker.acknowledge(work.FIND_DUPLICATES, workspace_id)
    await duplicate_searches.search(workspace_id)


async def find_searches(_: WorkerContext) -> None:
    for workspace_id in await duplicate_searches.wanted():
        await enqueue(work.FIND_DUPLICATES, workspace_id)


TASKS = [Task(work.FIND_DUPLICATES, find_duplicates, timeout_seconds=900)]

PERIODIC_TASKS = [PeriodicTask("find_duplicate_searches", Queue.BULK, find_searches, every_seconds=10, alone=True)]
