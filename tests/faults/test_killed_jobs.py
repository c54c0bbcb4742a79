"""Workers of long work killed in the middle, and Redis emptied: it goes on where it was, and nothing is done twice."""

import pytest
import redis.asyncio

from models import db
from models.accounts import workspaces
from models.contacts.selections import ContactSelection
from models.membership import backfill
from models.queue.jobs import Job, JobStatus
from models.queue.work import Queue
from models.segments import members, segments
from models.segments.members import MemberAction
from models.segments.segments import SegmentKind
from models.tag_changes import tag_changes
from permissions.principal import Scope
from tests.kit.segments import many_contacts, members_of, replayed, static_segment
from tests.kit.workers import eventually, running_worker, start_worker

MANY = 1_000


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


async def let_the_claim_run_out(job_id: int) -> None:
    """As if the time of the lease had passed."""
    await db.execute("UPDATE jobs SET leased_until = now() WHERE id = $1", job_id)


DYING_IN_THE_THIRD_CHUNK = """
import os, signal
from models.segments import members

members.CHUNK = 100
progress, chunks = members.running_jobs.progress, []


async def noted_or_killed(*job, **news):
    chunks.append(job)
    if len(chunks) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    await progress(*job, **news)


members.running_jobs.progress = noted_or_killed
"""


async def test_a_job_goes_on_after_its_worker_was_killed_and_redis_emptied(scope, database, redis_url, monkeypatch):
    monkeypatch.setattr(members, "AT_ONCE", 100)
    await many_contacts(scope, MANY)
    segment = await static_segment(scope)
    queued = (await members.change(scope, segment.id, MemberAction.ADD, ContactSelection(search="contact"))).job
    worker = await start_worker(Queue.BULK, database, redis_url, DYING_IN_THE_THIRD_CHUNK)
    await worker.wait(60)
    assert (await Job.get(id=queued.id)).done == len(await members_of(scope, segment)) == 200
    async with redis.asyncio.from_url(redis_url) as client:
        await client.flushall()
    await let_the_claim_run_out(queued.id)
    async with running_worker(Queue.BULK, database, redis_url):
        await eventually(lambda: has_ended(queued.id))
    job = await Job.get(id=queued.id)
    assert (job.status, job.done, job.total) == (JobStatus.SUCCEEDED, MANY, MANY)
    assert len(await replayed(scope, segment)) == len(await members_of(scope, segment)) == MANY


DYING = """
import os, signal, types
from models.membership import backfill

backfill.AT_ONCE = 50
close, chunks = backfill.log_append.close, []


async def closed_or_killed(append):
    chunks.append(append)
    if len(chunks) == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return await close(append)


backfill.log_append = types.SimpleNamespace(close=closed_or_killed)
"""
"""What a worker runs first that is to be killed in the middle of the seventh chunk: it is written, and not committed."""


async def test_a_large_deletion_and_its_undoing_are_told_to_the_end_though_workers_are_killed(
    scope, database, redis_url, monkeypatch
):
    monkeypatch.setattr(backfill, "AT_ONCE", 50)
    await many_contacts(scope, 1_000)
    everybody = ContactSelection(search="contact")
    segment = (await segments.create(scope, SegmentKind.STATIC, name="Many", contacts=everybody)).segment
    for change, killed_at, in_the_end in ((segments.delete, 650, 0), (segments.restore, 350, 1_000)):
        await change(scope, segment.id)
        worker = await start_worker(Queue.BULK, database, redis_url, DYING)
        await worker.wait(60)
        assert len(await replayed(scope, segment)) == killed_at
        async with redis.asyncio.from_url(redis_url) as client:
            await client.flushall()
        async with running_worker(Queue.BULK, database, redis_url):
            await eventually(all_is_told)
        assert len(await replayed(scope, segment)) == in_the_end
    assert len(await members_of(scope, segment)) == 1_000


async def all_is_told() -> bool:
    return await backfill.waiting() == []


async def has_ended(job_id: int) -> bool:
    return (await Job.get(id=job_id)).finished_at is not None


DYING_BEFORE_THE_COMMIT = """
import os, signal
from models.tag_changes import tag_changes


async def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


tag_changes.running_jobs.progress = killed
"""


HALF_ARE_OLD = """
UPDATE contacts SET tags = '{old}'
WHERE workspace_id = $1 AND id IN (SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id LIMIT 50)
"""


@pytest.mark.parametrize("to", ["new", None])
async def test_a_change_of_a_tag_is_done_once_though_its_worker_was_killed(scope, database, redis_url, to):
    await many_contacts(scope, 100)
    await db.execute(HALF_ARE_OLD, scope.workspace_id)
    await db.execute("INSERT INTO tags (workspace_id, key, name) VALUES ($1, 'old', 'old')", scope.workspace_id)
    changing = tag_changes.delete_tag(scope, "old") if to is None else tag_changes.rename_tag(scope, "old", to)
    queued = await changing
    worker = await start_worker(Queue.BULK, database, redis_url, DYING_BEFORE_THE_COMMIT)
    await worker.wait(60)
    assert await db.fetch_value("SELECT count(*) FROM contacts WHERE tags = '{old}'") == 50
    await let_the_claim_run_out(queued.id)
    async with running_worker(Queue.BULK, database, redis_url):
        await eventually(lambda: has_ended(queued.id))
    assert (await Job.get(id=queued.id)).status == JobStatus.SUCCEEDED
    held = {
        tuple(row["tags"]): row["n"] for row in await db.fetch("SELECT tags, count(*) AS n FROM contacts GROUP BY 1")
    }
    assert held == ({(): 100} if to is None else {("new",): 50, (): 50})
