"""Jobs: long work that workers do step by step (models/queue/running_jobs.py), as people start, watch and stop it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from tortoise.expressions import Q

from models import clock, db
from models.accounts import audit_log
from models.changelog import events
from models.changelog.events import JobFinished
from models.db.tables.jobs import Job
from models.errors import NotAllowedInState, NotFound
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import PrincipalKind, Scope

__all__ = ["Job", "JobKind", "JobStatus"]


class JobKind(StrEnum):
    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    RECOMPUTE = "RECOMPUTE"
    SEGMENT_CONTACTS = "SEGMENT_CONTACTS"
    AUDIENCE = "AUDIENCE"
    TAG_CHANGE = "TAG_CHANGE"
    WORKFLOW_CONTACTS = "WORKFLOW_CONTACTS"
    WORKFLOW_BACKTEST = "WORKFLOW_BACKTEST"


class JobStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


ENDED = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})


async def create(
    scope: Scope,
    kind: JobKind,
    input: Mapping[str, Any],  # noqa: A002 - the column's name
    *,
    segment_id: int | None = None,
    workflow_id: int | None = None,
    total: int | None = None,
) -> Job:
    """Queues a job; `input` has JSON values for its handler."""
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    job = await Job.create(
        workspace_id=scope.workspace_id,
        kind=kind,
        input=dict(input),
        segment_id=segment_id,
        workflow_id=workflow_id,
        total=total,
        created_by=by,
    )
    await enqueue(work.RUN_JOB, scope.workspace_id, job.id)
    return job


async def find(scope: Scope, job_id: int) -> Job | None:
    return await Job.get_or_none(workspace_id=scope.workspace_id, id=job_id)


async def get(scope: Scope, job_id: int, path: Sequence[str | int] = ("id",)) -> Job:
    """Raises NotFound at `path` when there is no such job."""
    job = await find(scope, job_id)
    if job is None:
        raise NotFound("there is no such job: it may have been removed", path)
    return job


async def list_newest_first(
    scope: Scope,
    first: int,
    *,
    after: tuple[datetime, int] | None = None,
    kind: JobKind | None = None,
    status: JobStatus | None = None,
) -> list[Job]:
    """Returns up to `first` + 1 jobs that come after this (created_at, id)."""
    query = Job.filter(workspace_id=scope.workspace_id)
    if kind is not None:
        query = query.filter(kind=kind)
    if status is not None:
        query = query.filter(status=status)
    if after is not None:
        at, job_id = after
        query = query.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=job_id), created_at__lte=at)
    return await query.order_by("-created_at", "-id").limit(first + 1)


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[Job]:
    return await Job.filter(workspace_id=scope.workspace_id, id__in=list(ids))


async def changed_since(known: Mapping[tuple[int, int], datetime]) -> dict[tuple[int, int], Job | None]:
    """Returns jobs whose `updated_at` is not `known`, by (workspace id, job id); None for a removed one."""
    rows = await db.fetch(_CHANGES, [workspace_id for workspace_id, _ in known], [job_id for _, job_id in known])
    changes = {(row["workspace_id"], row["id"]): row["updated_at"] for row in rows}
    changed: dict[int, list[int]] = {}
    for key, updated_at in changes.items():
        if updated_at != known[key]:
            changed.setdefault(key[0], []).append(key[1])
    found = [
        job for workspace_id, ids in changed.items() for job in await Job.filter(workspace_id=workspace_id, id__in=ids)
    ]
    return {key: None for key in known if key not in changes} | {(job.workspace_id, job.id): job for job in found}


# Of all that is watched, in whatever workspaces.
_CHANGES: Final = """
    /* all workspaces */ SELECT j.workspace_id, j.id, j.updated_at
    FROM unnest($1::bigint[], $2::bigint[]) AS known (workspace_id, id)
    JOIN jobs j ON j.workspace_id = known.workspace_id AND j.id = known.id
"""


async def unfinished_of_workflow(scope: Scope, workflow_id: int) -> list[Job]:
    """The oldest first."""
    query = Job.filter(workspace_id=scope.workspace_id, kind=JobKind.WORKFLOW_CONTACTS, workflow_id=workflow_id)
    return await query.exclude(status__in=list(ENDED)).order_by("id")


async def find_unfinished(scope: Scope, kind: JobKind, segment_id: int) -> Job | None:
    return (
        await Job.filter(workspace_id=scope.workspace_id, kind=kind, segment_id=segment_id)
        .exclude(status__in=list(ENDED))
        .order_by("-id")
        .first()
    )


async def ask_cancel(scope: Scope, job_id: int) -> Job:
    """At once when nobody has begun it, otherwise after its step. Idempotent.

    Raises NotFound; NotAllowedInState when it has succeeded or failed, or when what it follows from is done already.
    """
    async with db.transaction():
        job = await _locked(scope, job_id)
        if job.status in {JobStatus.SUCCEEDED, JobStatus.FAILED}:
            raise NotAllowedInState(f"this job has {job.status.lower()} already: only one that runs can stop", ("id",))
        if job.status == JobStatus.CANCELLED or job.cancel_asked_at is not None:
            return job
        if job.input.get("mustFinish"):
            raise NotAllowedInState("this job follows from a change that is made already: it must finish", ("id",))
        now = clock.now()
        asked: dict[str, Any] = {"cancel_asked_at": now, "updated_at": now}
        if job.started_at is None:
            asked |= {"status": JobStatus.CANCELLED, "started_at": now, "finished_at": now}
        await _update(job, asked)
        await audit_log.record(scope, "job_cancel", _type_of(job), job.id, {"kind": job.kind})
        if job.status == JobStatus.CANCELLED:
            await events.record(job.workspace_id, JobFinished(job.id, job.kind, JobStatus.CANCELLED))
    return job


def _type_of(job: Job) -> str:
    """Returns the GraphQL type: SEGMENT_CONTACTS is a SegmentContactsJob."""
    return f"{job.kind.title().replace('_', '')}Job"


async def reopen(scope: Scope, job_id: int, progress: Mapping[str, Any]) -> Job:
    """Queue an ended job again, to go on from `progress`. Raises NotFound; NotAllowedInState while it runs."""
    async with db.transaction():
        job = await _locked(scope, job_id)
        if job.status not in ENDED:
            raise NotAllowedInState(
                f"this job is {job.status.lower()}: only one that has ended can be taken up again", ("id",)
            )
        nothing = dict.fromkeys(("finished_at", "cancel_asked_at", "error", "lease_token", "leased_until"))
        again = {"status": JobStatus.QUEUED, "progress": dict(progress), "attempts": 0, "updated_at": clock.now()}
        await _update(job, again | nothing)
        await enqueue(work.RUN_JOB, scope.workspace_id, job_id)
    return job


async def _locked(scope: Scope, job_id: int) -> Job:
    job = await Job.select_for_update().get_or_none(workspace_id=scope.workspace_id, id=job_id)
    if job is None:
        raise NotFound("there is no such job: it may have been removed", ("id",))
    return job


async def _update(job: Job, changes: Mapping[str, Any]) -> None:
    await Job.filter(workspace_id=job.workspace_id, id=job.id).update(**changes)
    job.update_from_dict(dict(changes))
