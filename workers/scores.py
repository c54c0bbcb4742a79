"""Builds scores, and deletes what is left of old builds."""

from models.queue import work
from models.queue.enqueue import enqueue
from models.score_models import build
from workers.context import PeriodicTask, Queue, Task, WorkerContext


async def build_score(context: WorkerContext, workspace_id: int, model_id: int) -> None:
    await context.broker.acknowledge(work.BUILD_SCORE, workspace_id, model_id)
    await build.build(workspace_id, model_id)


async def find_builds(_: WorkerContext) -> None:
    for workspace_id, model_id in await build.wanted():
        await enqueue(work.BUILD_SCORE, workspace_id, model_id)


async def delete_old_builds(context: WorkerContext) -> None:
    for workspace_id in await build.with_old_builds():
        if not context.stopping.is_set():
            await build.delete_old(workspace_id)


TASKS = [Task(work.BUILD_SCORE, build_score, timeout_seconds=3600)]

PERIODIC_TASKS = [
    PeriodicTask("find_score_builds", Queue.BULK, find_builds, every_seconds=5),
    PeriodicTask("delete_old_scores", Queue.BULK, delete_old_builds, every_seconds=60, alone=True),
]
