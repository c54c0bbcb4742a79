"""Long work, done by the workers in turns: made, claimed, carried on, ended. PostgreSQL holds all of it.

A job is QUEUED until a worker claims it, then RUNNING: held until `claimed_until`, which the worker renews while it
lives. A claim that ran out is anybody's to take over; `claim` has grown then, and what the old holder still writes is
refused (`ClaimLost`), so two workers never both get on with one job. `progress` says where the work stands: enough to
go on from there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from tortoise.expressions import Q

from models import clock, db
from models.accounts import audit_log
from models.changelog import events
from models.changelog.events import JobFinished
from models.db.tables.jobs import Job
from models.errors import MusterError, NotAllowedInState, NotFound
from permissions.principal import PrincipalKind, Scope

__all__ = ["ClaimLost", "Job", "JobKind", "JobStatus"]


class JobKind(StrEnum):
    """What a job does."""

    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    RECOMPUTE = "RECOMPUTE"
    SEGMENT_CONTACTS = "SEGMENT_CONTACTS"
    AUDIENCE = "AUDIENCE"


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


ENDED = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})
"""From here a job goes nowhere."""

CLAIM_SECONDS = 15
"""How long a claim holds without being renewed: as long as a killed worker's job stands still."""

MAX_STUMBLES = 5
"""A job whose turn died or failed so often, without getting on in between, has FAILED."""


class ClaimLost(MusterError):
    """Another worker holds the job now, or it has ended: let go of it, and of what was about to be committed."""


# ---------------------------------------------------------------- made and read


async def create(
    scope: Scope,
    kind: JobKind,
    input: Mapping[str, Any],  # noqa: A002 - the column's name
    *,
    segment_id: int | None = None,
    total: int | None = None,
) -> Job:
    """Queue a job. `input` (JSON values) is all that its handler will know.

    The caller rings `bells.job(Queue.BULK, "run_job", workspace_id, job.id)` after the commit.
    """
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    return await Job.create(
        workspace_id=scope.workspace_id, kind=kind, input=dict(input), segment_id=segment_id, total=total, created_by=by
    )


async def find(scope: Scope, job_id: int) -> Job | None:
    """The job, or None."""
    return await Job.get_or_none(workspace_id=scope.workspace_id, id=job_id)


async def get(scope: Scope, job_id: int, path: Sequence[str | int] = ("id",)) -> Job:
    """The job. Raises NotFound at `path`."""
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
    """Up to `first` + 1 jobs (the one more tells that others follow), after the one with this (created_at, id)."""
    query = Job.filter(workspace_id=scope.workspace_id)
    if kind is not None:
        query = query.filter(kind=kind)
    if status is not None:
        query = query.filter(status=status)
    if after is not None:
        at, job_id = after
        query = query.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=job_id), created_at__lte=at)
    return await query.order_by("-created_at", "-id").limit(first + 1)


async def by_ids(scope: Scope, numbers: Sequence[int]) -> list[Job]:
    """Those of `numbers` that are jobs of the scope's workspace."""
    return await Job.filter(workspace_id=scope.workspace_id, id__in=list(numbers))


async def changed_since(known: Mapping[tuple[int, int], datetime]) -> dict[tuple[int, int], Job | None]:
    """Those of these jobs of any workspaces, by (workspace id, job id), that are not as they were at the moment `known`.

    None for one that is no longer there.
    """
    rows = await db.fetch(
        """
        SELECT k.workspace_id, k.id, j.id IS NULL AS gone
        FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS k (workspace_id, id, seen_at)
        LEFT JOIN jobs j ON j.workspace_id = k.workspace_id AND j.id = k.id WHERE j.updated_at IS DISTINCT FROM k.seen_at
        """,
        [workspace_id for workspace_id, _ in known],
        [job_id for _, job_id in known],
        list(known.values()),
    )
    found = await Job.filter(id__in=[row["id"] for row in rows if not row["gone"]]) if rows else []
    return {(row["workspace_id"], row["id"]): None for row in rows if row["gone"]} | {
        (job.workspace_id, job.id): job for job in found
    }


async def find_unfinished(scope: Scope, kind: JobKind, segment_id: int) -> Job | None:
    """The newest job of this kind for the segment that has not ended, or None."""
    return (
        await Job.filter(workspace_id=scope.workspace_id, kind=kind, segment_id=segment_id)
        .exclude(status__in=list(ENDED))
        .order_by("-id")
        .first()
    )


# ---------------------------------------------------------------- claimed


async def waiting(limit: int) -> list[tuple[int, int]]:
    """Jobs of all workspaces that a worker could claim now, as (workspace id, job id), the fairest choice first.

    Of several workspaces, the one with the fewest jobs in hand goes first, and then the one whose last turn is longest ago;
    of a workspace's jobs, the one that has waited longest.
    """
    rows = await db.fetch(
        """
        WITH unfinished AS (
            SELECT workspace_id, id, coalesce(turn_at, created_at) AS waits_since,
                   claimed_until IS NULL OR claimed_until < clock_timestamp() AS free
            FROM jobs WHERE status IN ('QUEUED', 'RUNNING')
        ), shares AS (
            SELECT workspace_id, count(*) FILTER (WHERE NOT free) AS in_hand,
                   (SELECT max(turn_at) FROM jobs j WHERE j.workspace_id = unfinished.workspace_id) AS last_turn_at
            FROM unfinished GROUP BY workspace_id
        )
        SELECT workspace_id, id FROM unfinished JOIN shares USING (workspace_id) WHERE free
        ORDER BY in_hand, last_turn_at NULLS FIRST, waits_since, id
        LIMIT $1
        """,
        limit,
    )
    return [(row["workspace_id"], row["id"]) for row in rows]


async def claim(workspace_id: int, job_id: int) -> Job | None:
    """Take the job for CLAIM_SECONDS. None when it is held, has ended, or has stumbled too often (FAILED)."""
    await _give_up(workspace_id, job_id)
    # A claim that ran out, rather than being let go, is a stumble: its worker died or its turn failed.
    taken = await db.fetch_value(
        """
        UPDATE jobs SET status = 'RUNNING', claim = claim + 1, stumbles = stumbles + (claimed_until IS NOT NULL)::int,
                        claimed_until = clock_timestamp() + $3 * interval '1 second', turn_at = clock_timestamp(),
                        started_at = coalesce(started_at, clock_timestamp()), updated_at = clock_timestamp()
        WHERE workspace_id = $1 AND id = $2
          AND status IN ('QUEUED', 'RUNNING') AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
        RETURNING claim
        """,
        workspace_id,
        job_id,
        CLAIM_SECONDS,
    )
    if taken is None:
        return None
    job = await Job.get(workspace_id=workspace_id, id=job_id)
    return job if job.claim == taken else None


async def _give_up(workspace_id: int, job_id: int) -> None:
    error = (
        f"stopped {MAX_STUMBLES} times at the same place and was given up there: start it again, or ask your operator"
    )
    async with db.transaction():
        kind = await db.fetch_value(
            """
            UPDATE jobs SET status = 'FAILED', claimed_until = NULL, error = $4,
                            updated_at = clock_timestamp(), finished_at = clock_timestamp()
            WHERE workspace_id = $1 AND id = $2 AND status = 'RUNNING' AND claimed_until < clock_timestamp()
              AND stumbles + 1 >= $3
            RETURNING kind
            """,
            workspace_id,
            job_id,
            MAX_STUMBLES,
            error,
        )
        if kind is not None:
            await events.record(workspace_id, JobFinished(job_id, kind, JobStatus.FAILED, error))


async def renew(job: Job) -> None:
    """Hold the job for another CLAIM_SECONDS, and take up `cancel_asked_at`. Raises ClaimLost."""
    row = await db.fetch_row(
        """
        UPDATE jobs SET claimed_until = clock_timestamp() + $4 * interval '1 second'
        WHERE workspace_id = $1 AND id = $2 AND claim = $3 AND status = 'RUNNING'
        RETURNING cancel_asked_at
        """,
        job.workspace_id,
        job.id,
        job.claim,
        CLAIM_SECONDS,
    )
    if row is None:
        raise ClaimLost(f"job {job.id} is another worker's now")
    job.cancel_asked_at = row["cancel_asked_at"]


async def let_go(job: Job) -> None:
    """End the turn: the job stays RUNNING and waits for its next one."""
    await _give_back(job, None)


async def stumble(job: Job) -> None:
    """End a turn that failed: the job waits a little, longer each time, and has one try less."""
    await _give_back(job, min(2**job.stumbles, CLAIM_SECONDS))


async def _give_back(job: Job, wait_seconds: float | None) -> None:
    await db.execute(
        """
        UPDATE jobs SET turn_at = clock_timestamp(),
                        claimed_until = clock_timestamp() + $4::float8 * interval '1 second'
        WHERE workspace_id = $1 AND id = $2 AND claim = $3 AND status = 'RUNNING'
        """,
        job.workspace_id,
        job.id,
        job.claim,
        wait_seconds,
    )


# ---------------------------------------------------------------- carried on


async def progress(
    job: Job, *, done: int | None = None, total: int | None = None, progress: Mapping[str, Any] | None = None
) -> None:
    """Write down where the job stands; what is None stays. Call it in the transaction that does the work it tells of.

    Raises ClaimLost when another worker took the job over: that transaction must not commit.
    """
    row = await db.fetch_row(
        """
        UPDATE jobs SET done = coalesce($4, done), total = coalesce($5, total),
                        progress = coalesce($6::jsonb, progress),
                        stumbles = CASE WHEN (coalesce($4, done), coalesce($6::jsonb, progress)) = (done, progress)
                                   THEN stumbles ELSE 0 END,
                        claimed_until = clock_timestamp() + $7 * interval '1 second', updated_at = clock_timestamp()
        WHERE workspace_id = $1 AND id = $2 AND claim = $3 AND status = 'RUNNING'
        RETURNING done, total, cancel_asked_at
        """,
        job.workspace_id,
        job.id,
        job.claim,
        done,
        total,
        None if progress is None else db.dump_json(dict(progress)),
        CLAIM_SECONDS,
    )
    if row is None:
        raise ClaimLost(f"job {job.id} is another worker's now")
    job.done, job.total, job.cancel_asked_at = row["done"], row["total"], row["cancel_asked_at"]
    if progress is not None:
        job.progress = dict(progress)


# ---------------------------------------------------------------- ended


async def finish(job: Job) -> None:
    """SUCCEEDED, by who holds it. Without effect when it has ended already, or is another's."""
    await _end(job, JobStatus.SUCCEEDED)


async def fail(job: Job, error: str) -> None:
    """FAILED, by who holds it. `error` is for people to read: what went wrong and what to do."""
    await _end(job, JobStatus.FAILED, error)


async def cancelled(job: Job) -> None:
    """CANCELLED, by who holds it: what was done up to here stays done."""
    await _end(job, JobStatus.CANCELLED)


async def _end(job: Job, status: JobStatus, error: str | None = None) -> None:
    async with db.transaction():
        row = await db.fetch_row(_END, job.workspace_id, job.id, job.claim, status, error)
        if row is not None:
            await events.record(job.workspace_id, JobFinished(job.id, job.kind, status, error))
    if row is not None:
        job.status, job.finished_at = status, row["finished_at"]
        if error is not None:
            job.error = error


_END = """
UPDATE jobs SET status = $4, error = $5, claimed_until = NULL, updated_at = clock_timestamp(),
                finished_at = clock_timestamp(), started_at = coalesce(started_at, clock_timestamp())
WHERE workspace_id = $1 AND id = $2 AND claim = $3 AND finished_at IS NULL
RETURNING finished_at
"""


async def ask_cancel(scope: Scope, job_id: int) -> Job:
    """Ask that the job stop: one that nobody has begun is CANCELLED at once, one that runs at its next safe place.

    Asking again changes nothing. Raises NotFound, and NotAllowedInState when it has succeeded or failed.
    """
    async with db.transaction():
        job = await Job.select_for_update().get_or_none(workspace_id=scope.workspace_id, id=job_id)
        if job is None:
            raise NotFound("there is no such job: it may have been removed", ("id",))
        if job.status in {JobStatus.SUCCEEDED, JobStatus.FAILED}:
            raise NotAllowedInState(f"this job has {job.status.lower()} already: only one that runs can stop", ("id",))
        if job.status == JobStatus.CANCELLED or job.cancel_asked_at is not None:
            return job
        job.cancel_asked_at = clock.now()
        await job.save(update_fields=["cancel_asked_at", "updated_at"])
        await audit_log.record(scope, "job_cancel", "Job", job.id, {"kind": job.kind})
        if job.started_at is None:
            await cancelled(job)
    return job


async def reopen(scope: Scope, job_id: int, progress: Mapping[str, Any]) -> Job:
    """Queue a job that has ended once more, to go on from `progress`: an import being undone, say.

    Raises NotFound, and NotAllowedInState while it still runs.
    """
    async with db.transaction():
        job = await Job.select_for_update().get_or_none(workspace_id=scope.workspace_id, id=job_id)
        if job is None:
            raise NotFound("there is no such job: it may have been removed", ("id",))
        if job.status not in ENDED:
            raise NotAllowedInState(
                f"this job is {job.status.lower()}: only one that has ended can be taken up again", ("id",)
            )
        job.status, job.progress, job.stumbles = JobStatus.QUEUED, dict(progress), 0
        await job.update_from_dict(
            {"finished_at": None, "cancel_asked_at": None, "error": None, "claimed_until": None}
        ).save()
    return job
