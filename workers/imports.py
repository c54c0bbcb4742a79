"""Imports, as the worker of queue `bulk` does them: taken in, or taken back."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from models.importing import running, undo
from models.jobs import Job
from permissions.principal import Scope


async def run(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """The handler of IMPORT jobs."""
    work = undo.carry_on(scope, job) if "undo" in job.progress else running.carry_on(scope, job)
    async with aclosing(work) as steps:
        async for _ in steps:
            yield
