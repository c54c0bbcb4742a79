"""Long work on workflows: jobs, later activations, and what workflows become by themselves."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from models import db
from models.queue import work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job
from models.workflows.lifecycle import activation, long_work, retire
from permissions.principal import Scope
from workers.context import PeriodicTask, Queue, Task, WorkerContext

BREATH_SECONDS: Final = 0.005
"""Between two chunks the engine of workflows may take its lock."""


async def change_contacts(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    while await long_work.process_step(scope, job):
        yield
        await asyncio.sleep(BREATH_SECONDS)


async def retire_workflows(context: WorkerContext, workspace_id: int) -> None:
    await context.broker.acknowledge(work.RETIRE_WORKFLOWS, workspace_id)
    await retire.retire(workspace_id)


_rounds: Final = db.Rounds()


async def find_to_retire(_: WorkerContext) -> None:
    for workspace_id in await retire.to_retire(await _rounds.next()):
        await enqueue(work.RETIRE_WORKFLOWS, workspace_id)


async def activate_workflows(_: WorkerContext) -> None:
    await activation.activate_due()


TASKS = [Task(work.RETIRE_WORKFLOWS, retire_workflows, timeout_seconds=60)]

PERIODIC_TASKS = [
    PeriodicTask("find_workflows_to_retire", Queue.BULK, find_to_retire, every_seconds=5, alone=True),
    PeriodicTask("activate_workflows", Queue.BULK, activate_workflows, every_seconds=1, alone=True),
]
