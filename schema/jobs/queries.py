from datetime import datetime
from typing import Any

import strawberry

from models.queue import jobs
from permissions.capabilities import Permission
from schema.jobs.enums import JobKind, JobStatus
from schema.jobs.types import Job, JobConnection, find_job, job_shown
from schema.server.context import Info
from schema.server.guard import query, scope_of
from schema.server.types.connection import page_of, page_size
from schema.server.types.cursors import a_number, an_instant, from_cursor, to_cursor


def _cursor_of(job: Any) -> str:
    return to_cursor(job["created_at"], job["id"])


def _position(cursor: str | None) -> tuple[datetime, int] | None:
    if cursor is None:
        return None
    created_at, job_id = from_cursor(cursor, an_instant, a_number)
    return created_at, job_id


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
        rows = await jobs.list_newest_first(
            scope_of(info), page_size(first), after=_position(after), kind=kind, status=status
        )
        return page_of([job_shown(job) for job in rows], first, after, _cursor_of)  # type: ignore[return-value]
