"""Imports, as the worker of queue `bulk` does them, and the sweep of what they leave behind."""

from collections.abc import AsyncGenerator

from models.importing import running
from models.jobs import Job
from permissions.principal import Scope


async def run(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """A turn of an import: the handler of its kind of job."""
    async for _ in running.carry_on(scope, job):
        yield
