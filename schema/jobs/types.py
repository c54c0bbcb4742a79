"""Jobs as the API shows them. The noun of each kind declares its type."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import strawberry

from models.queue import jobs
from models.queue.jobs import Job as JobRow
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.jobs.enums import JobKind, JobStatus
from schema.server.execution.rows import named
from schema.server.ids import split_global_id
from schema.server.types.connection import PageInfo
from schema.server.types.nodes import node


@strawberry.interface(
    description="Long work done by the workers. Its state lives in PostgreSQL: it survives a crash of any process and"
    " the loss of Redis."
)
class Job:
    id: strawberry.ID
    kind: JobKind
    status: JobStatus
    done: int = strawberry.field(
        description="Units done and, once known, in all: rows for imports and exports, contacts for the rest."
    )
    total: int | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


JOB_TYPES: dict[JobKind, type] = {}


T = TypeVar("T", bound=type)


def job_type(kind: JobKind) -> Callable[[T], T]:
    """Declares the type: `@job_type(JobKind.IMPORT) @strawberry.type class ...`."""

    def declare(shown_as: T) -> T:
        JOB_TYPES[kind] = shown_as
        name = shown_as.__strawberry_definition__.name  # type: ignore[attr-defined]

        @node(name, Permission.JOB_READ)
        async def by_ids(scope: Scope, ids: Sequence[int]) -> list[JobRow]:
            return [job for job in await jobs.by_ids(scope, ids) if job.kind == kind]

        return shown_as

    return declare


def job_shown(job: JobRow | None) -> Any:
    """Returns the job as the GraphQL type of its kind."""
    return None if job is None else named(JOB_TYPES[JobKind(job.kind)], job)


@strawberry.type
class JobEdge:
    cursor: str
    node: Job


@strawberry.type
class JobConnection:
    edges: list[JobEdge]
    nodes: list[Job]
    page_info: PageInfo


async def find_job(scope: Scope, global_id: str) -> JobRow | None:
    """Returns None also when the id says another kind than the job's."""
    known = split_global_id(global_id)
    job = None if known is None else await jobs.find(scope, known[1])
    return job if job is not None and known == (job_shown(job).typename, job.id) else None


async def job_id_of(scope: Scope, global_id: str) -> int:
    """0, which no job has, when there is no such job."""
    job = await find_job(scope, global_id)
    return 0 if job is None else int(job.id)
