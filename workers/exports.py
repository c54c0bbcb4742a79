"""Exports, as the worker of queue `bulk` does them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from models.queue.jobs import Job
from models.transfers.exports import exports
from permissions.principal import Scope


async def run(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """The handler of EXPORT jobs."""
    async with aclosing(exports.carry_on(scope, job)) as steps:
        async for _ in steps:
            yield
