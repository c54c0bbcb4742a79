"""Runs EXPORT jobs in the queue `bulk`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from models.queue.jobs import Job
from models.transfers.exports.run import carry_on
from permissions.principal import Scope


async def run(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    async with aclosing(carry_on(scope, job)) as steps:
        async for _ in steps:
            yield
