"""Runs IMPORT jobs, undoes imports, and cleans up after transfers."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from models.queue.jobs import Job
from models.transfers import cleanup
from models.transfers.imports import undo
from models.transfers.imports.run import carry_on
from permissions.principal import Scope
from workers.context import PeriodicTask, Queue, WorkerContext


async def run(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    work = undo.carry_on(scope, job) if "undo" in job.progress else carry_on(scope, job)
    async with aclosing(work) as steps:
        async for _ in steps:
            yield


async def clean_up_transfers(_: WorkerContext) -> None:
    await cleanup.clean_up()


PERIODIC_TASKS = [PeriodicTask("clean_up_transfers", Queue.BULK, clean_up_transfers, every_seconds=300, alone=True)]
