"""Imports, as the worker of queue `bulk` does them: taken in, or taken back; and what they leave behind."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from models.queue.jobs import Job
from models.transfers import cleanup
from models.transfers.imports import running, undo
from permissions.principal import Scope
from workers.context import PeriodicTask, Queue, WorkerContext


async def run(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """The handler of IMPORT jobs."""
    work = undo.carry_on(scope, job) if "undo" in job.progress else running.carry_on(scope, job)
    async with aclosing(work) as steps:
        async for _ in steps:
            yield


async def sweep_transfers(_: WorkerContext) -> None:
    """Remove what imports and exports have left behind."""
    await cleanup.clean_up()


PERIODIC_TASKS = [PeriodicTask("sweep_transfers", Queue.BULK, sweep_transfers, every_seconds=300, alone=True)]
