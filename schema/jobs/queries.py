import strawberry

from models.queue import jobs
from permissions.capabilities import Permission
from schema.jobs.enums import JobKind, JobStatus
from schema.jobs.types import Job, JobConnection, find_job, job_shown
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import query, scope_of
from schema.server.types.connection import page_of, page_size
from schema.server.types.cursors import Cursors, a_number, an_instant


@strawberry.type
class JobQuery:
    @query(Permission.JOB_READ)
    async def job(self, info: Info, id: strawberry.ID) -> Job | None:
        return job_shown(await find_job(scope_of(info), id))  # type: ignore[no-any-return]

    @query(Permission.JOB_READ, description="The newest first.")
    async def jobs(
        self,
        info: Info,
        first: int | None = 50,
        after: str | None = None,
        kind: JobKind | None = None,
        status: JobStatus | None = None,
    ) -> JobConnection:
        scope = scope_of(info)
        cursors = Cursors(scope, "jobs", kind, status)
        key = cursors.read(after, an_instant, a_number)
        position = None if key is None else (key[0], key[1])
        rows = await jobs.list_newest_first(scope, page_size(first), after=position, kind=kind, status=status)
        page = page_of(
            [job_shown(job) for job in rows], first, after, lambda job: cursors.write(job["created_at"], job["id"])
        )
        return shown(JobConnection, page)
