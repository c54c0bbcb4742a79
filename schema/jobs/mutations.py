import strawberry

from models.queue import jobs
from permissions.capabilities import Permission
from schema.jobs.types import Job, job_id_of, job_shown
from schema.server.context import Info
from schema.server.guard import mutation, scope_of
from schema.server.user_errors import UserError


@strawberry.type
class JobPayload:
    job: Job | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class JobMutation:
    @mutation(
        Permission.JOB_RUN, JobPayload, description="What was done up to then stays done. Asking again changes nothing."
    )
    async def job_cancel(self, info: Info, id: strawberry.ID) -> JobPayload:
        scope = scope_of(info)
        return JobPayload(job=job_shown(await jobs.ask_cancel(scope, await job_id_of(scope, id))))
