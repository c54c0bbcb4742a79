"""Jobs: long work that workers do step by step.

A job is leased, so two workers never both make progress. `progress` has all that is needed to go on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from tortoise.expressions import Q

from models import clock, db
from models.accounts import audit_log
from models.changelog import events
from models.changelog.events import JobFinished
from models.db.tables.jobs import Job
from models.errors import MusterError, NotAllowedInState, NotFound
from models.queue import leases, work
from models.queue.enqueue import enqueue
from models.queue.leases import Lease, LeasedTable, LeaseLost, Writes
from permissions.principal import PrincipalKind, Scope

__all__ = ["Job", "JobKind", "JobStatus", "LeaseLost"]


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

MAX_ATTEMPTS: Final = 5
"""A job that was taken so often without progress has FAILED."""

GIVEN_UP: Final = (
    f"stopped {MAX_ATTEMPTS} times at the same place and was given up there: start it again, or ask your operator"
)


async def _record_given_up(workspace_id: int, job_id: int | str) -> None:
    job = await Job.get(workspace_id=workspace_id, id=job_id)
    await events.record(workspace_id, JobFinished(job.id, job.kind, JobStatus.FAILED, GIVEN_UP))


LEASES: Final = LeasedTable(
    "jobs",
    seconds=15,
    open="status IN ('QUEUED', 'RUNNING')",
    attempts_allowed=str(MAX_ATTEMPTS),
    taken=Writes({"status": JobStatus.RUNNING}, moments=("worked_at", "updated_at"), first_moments=("started_at",)),
    released=Writes(moments=("worked_at",)),
    given_up=Writes({"status": JobStatus.FAILED, "error": GIVEN_UP}, moments=("updated_at", "finished_at")),
    on_given_up=_record_given_up,
)


# ---------------------------------------------------------------- made and read


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


# ---------------------------------------------------------------- leased


async def waiting(limit: int) -> list[tuple[int, int]]:
    """Returns jobs of all workspaces that a worker could take now, as (workspace id, job id), the fairest choice first.

    The order: the workspace with the fewest running jobs, then the one whose last work is longest ago; of its jobs, the one that
    has waited longest.
    """
    rows = await db.fetch(
        """
        /* all workspaces */ WITH unfinished AS (
            SELECT workspace_id, id, coalesce(worked_at, created_at) AS waits_since,
                   leased_until IS NULL OR leased_until <= $2 AS free
            FROM jobs WHERE status IN ('QUEUED', 'RUNNING')
        ), running AS (
            SELECT workspace_id, count(*) FILTER (WHERE NOT free) AS jobs FROM unfinished GROUP BY workspace_id
        ), last_worked AS (
            SELECT w.id AS workspace_id, (SELECT max(j.worked_at) FROM jobs j WHERE j.workspace_id = w.id) AS at
            FROM workspaces w
            WHERE EXISTS (SELECT 1 FROM jobs j WHERE j.workspace_id = w.id AND j.status IN ('QUEUED', 'RUNNING'))
        )
        SELECT workspace_id, id
        FROM unfinished JOIN running USING (workspace_id) JOIN last_worked USING (workspace_id) WHERE free
        ORDER BY running.jobs, last_worked.at NULLS FIRST, waits_since, id LIMIT $1
        """,
        limit,
        clock.now(),
    )
    return [(row["workspace_id"], row["id"]) for row in rows]


async def take(workspace_id: int, job_id: int) -> Job | None:
    """Returns None when the job is held, has ended, or has no attempts left (then it has FAILED)."""
    lease = await leases.take(LEASES, workspace_id, job_id)
    if lease is None:
        return None
    job = await Job.get(workspace_id=workspace_id, id=job_id)
    return job if job.lease_token == lease.token else None


def _lease(job: Job) -> Lease:
    if job.lease_token is None:
        raise LeaseLost(f"job {job.id} has no lease")
    return Lease(LEASES, job.workspace_id, job.id, job.lease_token, job.attempts)


async def renew(job: Job) -> None:
    """Extends the lease and reads `cancel_asked_at`. Raises LeaseLost when another worker has the job."""
    row = await leases.renew(_lease(job), returning="cancel_asked_at")
    job.cancel_asked_at = row["cancel_asked_at"]


async def release(job: Job) -> None:
    """The job stays RUNNING until a worker takes it again."""
    await leases.release(_lease(job))


async def retry(job: Job) -> None:
    """Releases the job after an error: it waits longer each time, with an attempt less."""
    await leases.fail(_lease(job), min(2 ** (job.attempts - 1), LEASES.seconds))


class NotYet(MusterError):
    """The job cannot go on now, and is taken again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not before {seconds:.0f} s")
        self.seconds = seconds


async def postpone(job: Job, seconds: float) -> None:
    """Nobody takes the job for so long. The attempt does not count."""
    if await leases.fail(_lease(job), seconds):
        await db.execute(
            "UPDATE jobs SET attempts = greatest(attempts - 1, 0) WHERE workspace_id = $1 AND id = $2 AND lease_token IS NULL",
            job.workspace_id,
            job.id,
        )


# ---------------------------------------------------------------- progress


async def progress(
    job: Job, *, done: int | None = None, total: int | None = None, progress: Mapping[str, Any] | None = None
) -> None:
    """In the transaction of the work itself. None keeps a value. Resets the attempts.

    Raises LeaseLost: that transaction must not commit.
    """
    now = clock.now()
    row = await db.fetch_row(
        """
        UPDATE jobs SET done = coalesce($4, done), total = coalesce($5, total),
                        progress = coalesce($6::jsonb, progress),
                        attempts = CASE WHEN (coalesce($4, done), coalesce($6::jsonb, progress)) = (done, progress)
                                   THEN attempts ELSE 1 END,
                        leased_until = $7, updated_at = $8
        WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 AND status = 'RUNNING'
        RETURNING done, total, cancel_asked_at
        """,
        job.workspace_id,
        job.id,
        job.lease_token,
        done,
        total,
        None if progress is None else db.dump_json(dict(progress)),
        now + timedelta(seconds=LEASES.seconds),
        now,
    )
    if row is None:
        raise LeaseLost(f"job {job.id} is another worker's now")
    job.done, job.total, job.cancel_asked_at = row["done"], row["total"], row["cancel_asked_at"]
    if progress is not None:
        job.progress = dict(progress)


# ---------------------------------------------------------------- ended


async def finish(job: Job) -> None:
    """Ends the job as SUCCEEDED, unless it has ended or is another worker's."""
    await _end(job, JobStatus.SUCCEEDED)


async def fail(job: Job, error: str) -> None:
    """Ends the job as FAILED; `error` says what went wrong and what to do."""
    await _end(job, JobStatus.FAILED, error)


async def cancelled(job: Job) -> None:
    """Ends the job as CANCELLED; what it has done stays."""
    await _end(job, JobStatus.CANCELLED)


async def _end(job: Job, status: JobStatus, error: str | None = None) -> None:
    writes = Writes({"status": status, "error": error}, moments=("updated_at", "finished_at"))
    async with db.transaction():
        ended_at = await leases.finish(_lease(job), writes)
        if ended_at is not None:
            await events.record(job.workspace_id, JobFinished(job.id, job.kind, status, error))
    if ended_at is not None:
        job.status, job.finished_at = status, ended_at
        if error is not None:
            job.error = error


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
