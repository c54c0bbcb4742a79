"""Jobs as workers run them, step by step.

A job is leased, so two workers never both make progress. `progress` has all that is needed to go on.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from models import clock, db
from models.changelog import events
from models.changelog.events import JobFinished
from models.db.tables.jobs import Job
from models.errors import MusterError
from models.queue import leases
from models.queue.jobs import JobStatus
from models.queue.leases import Lease, LeasedTable, LeaseLost, Writes

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
