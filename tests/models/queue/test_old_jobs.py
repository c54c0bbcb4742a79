from datetime import timedelta

from models import clock, db
from models.queue import jobs, old_jobs
from models.queue.jobs import JobKind
from tests.kit.workspaces import new_workspace

YEAR = timedelta(days=365)


async def ended_job(
    scope, *, days: int, kind: JobKind = JobKind.EXPORT, status: str = "SUCCEEDED", progress: str = "{}"
):
    job = await jobs.create(scope, kind, {})
    moment = clock.now() - timedelta(days=days)
    await db.execute(
        "UPDATE jobs SET created_at = $2, finished_at = $2, status = $3, progress = $4 WHERE id = $1",
        job.id,
        moment,
        status,
        progress,
    )
    return job.id


async def left() -> list[int]:
    return [row["id"] for row in await db.fetch("SELECT id FROM jobs ORDER BY id")]


async def drop_all() -> int:
    dropped = 0
    while count := await old_jobs.drop_older_than(clock.now() - YEAR, 1):
        dropped += count
    return dropped


async def test_jobs_that_ended_long_ago_are_dropped_in_every_workspace(database):
    young = []
    for _ in range(2):
        scope = await new_workspace()
        for status in ("SUCCEEDED", "FAILED", "CANCELLED"):
            await ended_job(scope, days=400, status=status)
        young.append(await ended_job(scope, days=300))
    assert await old_jobs.count_older_than(clock.now() - YEAR, 100) == 6
    assert await drop_all() == 6
    assert await left() == young


async def test_a_job_that_has_not_ended_stays_however_old(database):
    scope = await new_workspace()
    job = await jobs.create(scope, JobKind.EXPORT, {})
    await db.execute("UPDATE jobs SET created_at = $1", clock.now() - timedelta(days=4000))
    assert await drop_all() == 0
    assert await left() == [job.id]


async def test_an_import_stays_until_its_report_and_its_undo_data_are_gone(database):
    scope = await new_workspace()
    kept = await ended_job(scope, days=400, kind=JobKind.IMPORT)
    await ended_job(scope, days=400, kind=JobKind.IMPORT, progress='{"forgotten": true}')
    assert await drop_all() == 1
    assert await left() == [kept]
