from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from models.queue import jobs
from permissions.capabilities import Permission
from schema.jobs.job_watch import WATCH, follow
from schema.jobs.types import Job, job_id_of, job_shown
from schema.server.context import Info
from schema.server.guard import scope_of, subscription


@strawberry.type
class JobSubscription:
    @subscription(
        Permission.JOB_READ, description="The job as it goes on, at most ten times a second; ends when the job does."
    )
    async def job_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Job, None]:
        scope = scope_of(info)
        job = await jobs.get(scope, await job_id_of(scope, id))
        async with aclosing(follow(job, WATCH)) as states:
            async for state in states:
                yield job_shown(state)
