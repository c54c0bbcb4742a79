"""Long work: where it stands, and stopping it. Each kind of job is a type of its own, declared by the noun it belongs to."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, TypeVar

import strawberry

from models.queue import jobs
from models.queue.jobs import Job as JobRow
from models.queue.jobs import JobKind, JobStatus
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.jobs.job_watch import WATCH
from schema.server.context import Info
from schema.server.execution.rows import named
from schema.server.guard import mutation, query, scope_of, subscription
from schema.server.ids import split_global_id
from schema.server.types.connection import PageInfo, page_of, page_size
from schema.server.types.cursors import a_number, an_instant, from_cursor, to_cursor
from schema.server.types.nodes import node
from schema.server.user_errors import UserError

strawberry.enum(JobKind)
strawberry.enum(JobStatus)

# ---------------------------------------------------------------- types


@strawberry.interface(
    description="Long work done by the workers. Its state lives in PostgreSQL: it survives a crash of any process and"
    " the loss of Redis."
)
class Job:
    """A row of jobs."""

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
"""The GraphQL type of each kind of job that there is."""

T = TypeVar("T", bound=type)


def job_type(kind: JobKind) -> Callable[[T], T]:
    """Say that jobs of `kind` are shown as the decorated type: `@job_type(JobKind.IMPORT) @strawberry.type class ...`."""

    def declare(shown_as: T) -> T:
        JOB_TYPES[kind] = shown_as
        name = shown_as.__strawberry_definition__.name  # type: ignore[attr-defined]

        @node(name, Permission.JOB_READ)
        async def by_ids(scope: Scope, numbers: Sequence[int]) -> list[JobRow]:
            return [job for job in await jobs.by_ids(scope, numbers) if job.kind == kind]

        return shown_as

    return declare


def job_shown(job: JobRow | None) -> Any:
    """A job as the type of its kind. None stays None."""
    return None if job is None else named(JOB_TYPES[JobKind(job.kind)], job)


@strawberry.type
class JobEdge:
    """A job in its place in the list."""

    cursor: str
    node: Job


@strawberry.type
class JobConnection:
    """A page of jobs."""

    edges: list[JobEdge]
    nodes: list[Job]
    page_info: PageInfo


@strawberry.type
class JobPayload:
    """Of jobCancel."""

    job: Job | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


async def _find(scope: Scope, outside_id: str) -> JobRow | None:
    """The job behind an id, if that is the id of a job of its kind."""
    known = split_global_id(outside_id)
    job = None if known is None else await jobs.find(scope, known[1])
    return job if job is not None and known == (job_shown(job).typename, job.id) else None


async def _number(scope: Scope, outside_id: str) -> int:
    """The job's number; 0, which no job has, where there is none."""
    job = await _find(scope, outside_id)
    return 0 if job is None else int(job.id)


# ---------------------------------------------------------------- queries


def _cursor_of(job: Any) -> str:
    return to_cursor(job["created_at"], job["id"])


def _place(cursor: str | None) -> tuple[datetime, int] | None:
    if cursor is None:
        return None
    at, number = from_cursor(cursor, an_instant, a_number)
    return at, number


@strawberry.type
class JobQuery:
    """Long work."""

    @query(Permission.JOB_READ)
    async def job(self, info: Info, id: strawberry.ID) -> Job | None:
        return job_shown(await _find(scope_of(info), id))  # type: ignore[no-any-return]

    @query(Permission.JOB_READ, description="The newest first.")
    async def jobs(
        self,
        info: Info,
        first: int | None = 50,
        after: str | None = None,
        kind: JobKind | None = None,
        status: JobStatus | None = None,
    ) -> JobConnection:
        found = await jobs.list_newest_first(
            scope_of(info), page_size(first), after=_place(after), kind=kind, status=status
        )
        return page_of([job_shown(job) for job in found], first, after, _cursor_of)  # type: ignore[return-value]


# ---------------------------------------------------------------- mutations and subscriptions


@strawberry.type
class JobMutation:
    """Stopping long work."""

    @mutation(
        Permission.JOB_RUN, JobPayload, description="What was done up to then stays done. Asking again changes nothing."
    )
    async def job_cancel(self, info: Info, id: strawberry.ID) -> JobPayload:
        scope = scope_of(info)
        return JobPayload(job=job_shown(await jobs.ask_cancel(scope, await _number(scope, id))))


@strawberry.type
class JobSubscription:
    """Long work as it goes on."""

    @subscription(
        Permission.JOB_READ, description="The job as it goes on, at most ten times a second; ends when the job does."
    )
    async def job_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Job, None]:
        scope = scope_of(info)
        job = await jobs.get(scope, await _number(scope, id))
        async with aclosing(WATCH.follow(job)) as states:
            async for state in states:
                yield job_shown(state)
