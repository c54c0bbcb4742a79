"""Jobs: taken by one, taken over when the lease runs out, carried on from their progress, ended once."""

import asyncio

import pytest

from models import db
from models.accounts import workspaces
from models.errors import NotAllowedInState, NotFound
from models.queue import jobs, running_jobs
from models.queue.jobs import JobKind, JobStatus
from models.queue.leases import LeaseLost
from permissions.principal import Scope


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


async def made(scope: Scope, **more) -> jobs.Job:
    return await jobs.create(scope, JobKind.SEGMENT_CONTACTS, {"what": "this"}, **more)


async def let_leases_run_out() -> None:
    await db.execute("UPDATE jobs SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL")


async def taken(job: jobs.Job) -> jobs.Job:
    held = await running_jobs.take(job.workspace_id, job.id)
    assert held is not None
    return held


async def test_a_new_job_is_queued_with_its_input(scope):
    job = await jobs.get(scope, (await made(scope, total=7)).id)
    assert (job.status, job.input, job.progress, job.done, job.total) == ("QUEUED", {"what": "this"}, {}, 0, 7)


async def test_only_one_of_many_workers_takes_a_job(scope):
    job = await made(scope)
    takes = await asyncio.gather(*(running_jobs.take(scope.workspace_id, job.id) for _ in range(8)))
    assert [job.status for job in takes if job is not None] == ["RUNNING"]


async def test_a_job_whose_worker_died_is_taken_over_with_its_progress(scope):
    job = await made(scope)
    held = await taken(job)
    await running_jobs.progress(held, done=3, progress={"after": 30})
    assert await running_jobs.take(scope.workspace_id, job.id) is None
    await let_leases_run_out()
    taken_over = await taken(job)
    assert (taken_over.done, taken_over.progress) == (3, {"after": 30})


async def test_a_worker_that_lost_its_job_writes_nothing_more(scope):
    job = await made(scope)
    old = await taken(job)
    await let_leases_run_out()
    new = await taken(job)
    with pytest.raises(LeaseLost):
        await running_jobs.progress(old, done=1)
    with pytest.raises(LeaseLost):
        await running_jobs.renew(old)
    await running_jobs.finish(old)
    await running_jobs.release(old)
    assert (await jobs.get(scope, job.id)).status == JobStatus.RUNNING
    await running_jobs.finish(new)
    assert (await jobs.get(scope, job.id)).status == JobStatus.SUCCEEDED


async def test_work_whose_lease_was_lost_does_not_commit(scope):
    old = await taken(await made(scope))
    await let_leases_run_out()
    await taken(old)

    async def work() -> None:
        async with db.transaction():
            await db.execute("UPDATE workspaces SET name = 'changed'")
            await running_jobs.progress(old, done=1)

    with pytest.raises(LeaseLost):
        await work()
    assert await db.fetch_value("SELECT name FROM workspaces") == "Clinic"


async def test_a_job_that_dies_again_and_again_without_progress_fails(scope):
    job = await made(scope)
    for _ in range(running_jobs.MAX_ATTEMPTS):
        await taken(job)
        await let_leases_run_out()
    assert await running_jobs.take(scope.workspace_id, job.id) is None
    failed = await jobs.get(scope, job.id)
    assert failed.status == JobStatus.FAILED
    assert "5 times at the same place" in failed.error
    assert failed.finished_at is not None


async def test_a_job_with_progress_between_failures_is_never_given_up(scope):
    job = await made(scope)
    for done in range(running_jobs.MAX_ATTEMPTS * 2):
        await running_jobs.progress(await taken(job), done=done + 1)
        await let_leases_run_out()
    assert (await taken(job)).attempts == 2


async def test_a_released_job_waits_and_has_all_its_attempts(scope):
    job = await taken(await made(scope))
    await running_jobs.release(job)
    assert (await taken(job)).attempts == 1


async def test_a_job_waits_after_a_failed_attempt(scope):
    job = await taken(await made(scope))
    await running_jobs.retry(job)
    assert await running_jobs.take(scope.workspace_id, job.id) is None
    assert await running_jobs.waiting(10) == []
    await let_leases_run_out()
    assert (await taken(job)).attempts == 2


async def test_ending_twice_changes_nothing(scope):
    job = await taken(await made(scope))
    await running_jobs.finish(job)
    first = await jobs.get(scope, job.id)
    await running_jobs.fail(job, "too late")
    again = await jobs.get(scope, job.id)
    assert (again.status, again.error, again.finished_at) == ("SUCCEEDED", None, first.finished_at)


async def test_a_job_that_was_not_begun_is_cancelled_at_once(scope):
    job = await jobs.ask_cancel(scope, (await made(scope)).id)
    assert job.status == JobStatus.CANCELLED
    assert await running_jobs.take(scope.workspace_id, job.id) is None


async def test_a_running_job_reads_that_it_should_stop(scope):
    job = await taken(await made(scope))
    asked = await jobs.ask_cancel(scope, job.id)
    assert asked.status == JobStatus.RUNNING
    await running_jobs.renew(job)
    assert job.cancel_asked_at is not None
    await running_jobs.cancelled(job)
    assert (await jobs.ask_cancel(scope, job.id)).status == JobStatus.CANCELLED


async def test_a_job_that_has_ended_cannot_be_cancelled(scope):
    job = await taken(await made(scope))
    await running_jobs.finish(job)
    with pytest.raises(NotAllowedInState, match="has succeeded already"):
        await jobs.ask_cancel(scope, job.id)


async def test_another_workspace_finds_nothing(scope):
    job = await made(scope)
    other = await workspaces.create("Other")
    assert await jobs.find(other, job.id) is None
    assert await jobs.by_ids(other, [job.id]) == []
    assert await jobs.list_newest_first(other, 10) == []
    with pytest.raises(NotFound):
        await jobs.ask_cancel(other, job.id)


async def test_the_list_goes_on_after_the_last_of_a_page(scope):
    ids = [(await made(scope)).id for _ in range(5)]
    page = (await jobs.list_newest_first(scope, 2))[:2]
    rest = await jobs.list_newest_first(scope, 10, after=(page[-1].created_at, page[-1].id))
    assert [job.id for job in [*page, *rest]] == ids[::-1]


async def test_the_list_can_be_filtered_by_kind_and_status(scope):
    job = await made(scope)
    await jobs.create(scope, JobKind.EXPORT, {})
    await taken(job)
    assert [j.id for j in await jobs.list_newest_first(scope, 10, kind=JobKind.SEGMENT_CONTACTS)] == [job.id]
    assert [j.id for j in await jobs.list_newest_first(scope, 10, status=JobStatus.RUNNING)] == [job.id]
    assert await jobs.list_newest_first(scope, 10, kind=JobKind.EXPORT, status=JobStatus.RUNNING) == []


async def test_the_workspace_with_no_running_job_goes_first(scope):
    busy = [await made(scope) for _ in range(3)]
    await taken(busy[0])
    quiet = await workspaces.create("Quiet")
    late = await made(quiet)
    assert await running_jobs.waiting(10) == [
        (quiet.workspace_id, late.id),
        *((scope.workspace_id, j.id) for j in busy[1:]),
    ]


async def test_of_a_workspaces_jobs_the_one_that_waited_longest_goes_first(scope):
    first, second = await made(scope), await made(scope)
    await running_jobs.release(await taken(first))
    assert await running_jobs.waiting(10) == [(scope.workspace_id, second.id), (scope.workspace_id, first.id)]


async def test_a_job_that_ended_can_be_queued_again(scope):
    job = await taken(await made(scope))
    with pytest.raises(NotAllowedInState, match="this job is running"):
        await jobs.reopen(scope, job.id, {})
    await running_jobs.finish(job)
    again = await jobs.reopen(scope, job.id, {"undo": 1})
    assert (again.status, again.finished_at) == ("QUEUED", None)
    held = await taken(again)
    assert held.progress == {"undo": 1}
    assert held.lease_token not in (None, job.lease_token)


async def test_a_begun_job_that_waits_is_cancelled_by_its_worker(scope):
    job = await taken(await made(scope))
    await running_jobs.release(job)
    assert (await jobs.ask_cancel(scope, job.id)).status == JobStatus.RUNNING
