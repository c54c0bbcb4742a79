"""The runner of jobs: going on, taking over, stopping, failing."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from models import db
from models.accounts import workspaces
from models.errors import Invalid
from models.queue import jobs, running_jobs
from models.queue.jobs import Job, JobKind, JobStatus
from models.queue.work import Queue
from permissions.principal import Scope
from tests.kit.workers import eventually
from workers import jobs as runner
from workers.broker import Broker, queue_key
from workers.context import WorkerConfig, WorkerContext


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


@pytest.fixture
async def context(database: str, broker: Broker) -> WorkerContext:
    return WorkerContext(Queue.BULK, WorkerConfig(database, ""), broker, asyncio.Event())


async def counting(_scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Counts to the number asked for, a step at a time."""
    for number in range(job.progress.get("counted", 0), job.input["to"]):
        async with db.transaction():
            await running_jobs.progress(job, done=number + 1, total=job.input["to"], progress={"counted": number + 1})
        yield


async def started(scope: Scope, **given) -> Job:
    job = await jobs.create(scope, JobKind.EXPORT, given)
    taken = await running_jobs.take(scope.workspace_id, job.id)
    assert taken is not None
    return taken


@pytest.fixture
def work_on(context, monkeypatch):
    """Works on a job that was taken, by this handler, and reads it again."""

    async def take(job: Job, handler) -> Job:
        monkeypatch.setattr(runner, "HANDLERS", {JobKind.EXPORT: handler})
        await runner.work_on(context, job)
        return await Job.get(id=job.id)

    return take


async def test_a_job_runs_to_its_end(scope, work_on):
    job = await work_on(await started(scope, to=3), counting)
    assert (job.status, job.done, job.total) == (JobStatus.SUCCEEDED, 3, 3)
    assert job.started_at <= job.finished_at


async def test_a_job_whose_time_is_over_goes_on_from_its_progress(scope, work_on, monkeypatch):
    monkeypatch.setattr(runner, "STINT_SECONDS", 0.0)
    job = await started(scope, to=3)
    for done in (1, 2, 3):
        waiting = await work_on(job, counting)
        assert (waiting.status, waiting.done) == (JobStatus.RUNNING, done)
        taken = await running_jobs.take(scope.workspace_id, job.id)
        assert taken is not None
        job = taken
    assert (await work_on(job, counting)).status == JobStatus.SUCCEEDED


async def test_a_mistake_in_the_input_fails_the_job_with_its_message(scope, work_on):
    async def refusing(_scope: Scope, _job: Job) -> AsyncGenerator[None, None]:
        raise Invalid("the file is no CSV: send one with a header")
        yield

    job = await work_on(await started(scope), refusing)
    assert (job.status, job.error) == (JobStatus.FAILED, "the file is no CSV: send one with a header")


async def test_anything_else_that_goes_wrong_is_tried_again_from_the_progress(scope, work_on):
    async def failing(scope_: Scope, job: Job) -> AsyncGenerator[None, None]:
        async for _ in counting(scope_, job):
            yield
            if job.done == 2 and job.attempts == 1:
                raise OSError("the disk is full")

    job = await work_on(await started(scope, to=4), failing)
    assert (job.status, job.done, job.error) == (JobStatus.RUNNING, 2, None)
    await db.execute("UPDATE jobs SET leased_until = now() - interval '1 second'")
    again = await running_jobs.take(scope.workspace_id, job.id)
    assert (await work_on(again, failing)).done == 4


async def test_a_job_that_was_asked_to_stop_stops_at_the_next_step_and_cleans_up(scope, work_on):
    cleaned = []

    async def endless(scope_: Scope, job: Job) -> AsyncGenerator[None, None]:
        try:
            while True:
                await running_jobs.progress(job, done=job.done + 1)
                yield
                if job.done == 2:
                    await jobs.ask_cancel(scope_, job.id)
        finally:
            cleaned.append(True)

    job = await work_on(await started(scope), endless)
    assert (job.status, job.done) == (JobStatus.CANCELLED, 3)
    assert cleaned


async def test_a_job_asked_to_stop_while_it_waits_is_cancelled_without_another_step(scope, work_on):
    job = await started(scope, to=3)
    await running_jobs.release(job)
    await jobs.ask_cancel(scope, job.id)
    taken = await running_jobs.take(scope.workspace_id, job.id)
    ended = await work_on(taken, counting)
    assert (ended.status, ended.done) == (JobStatus.CANCELLED, 0)


async def test_a_worker_that_stops_releases_its_job(scope, work_on, context):
    context.stopping.set()
    job = await work_on(await started(scope, to=3), counting)
    assert (job.status, job.done, job.leased_until) == (JobStatus.RUNNING, 1, None)


async def test_a_worker_that_is_cancelled_in_the_middle_of_a_step_releases_its_job(scope, work_on):
    begun = asyncio.Event()

    async def slow(_scope: Scope, _job: Job) -> AsyncGenerator[None, None]:
        begun.set()
        await asyncio.sleep(60)
        yield

    job = await started(scope)
    running = asyncio.create_task(work_on(job, slow))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    stored = await jobs.get(scope, job.id)
    assert (stored.status, stored.leased_until, stored.attempts) == (JobStatus.RUNNING, None, 0)


async def test_a_long_step_keeps_the_lease(scope, work_on, monkeypatch):
    monkeypatch.setattr(runner, "RENEW_SECONDS", 0.05)

    async def slow(_scope: Scope, job: Job) -> AsyncGenerator[None, None]:
        first = (await jobs.get(scope, job.id)).leased_until

        async def is_renewed() -> bool:
            return (await jobs.get(scope, job.id)).leased_until > first

        await eventually(is_renewed)
        assert await running_jobs.take(job.workspace_id, job.id) is None
        yield

    assert (await work_on(await started(scope), slow)).status == JobStatus.SUCCEEDED


async def test_a_worker_whose_job_was_taken_over_stops_in_the_middle_of_a_step(scope, work_on, monkeypatch):
    monkeypatch.setattr(runner, "RENEW_SECONDS", 0.05)

    async def slow(_scope: Scope, job: Job) -> AsyncGenerator[None, None]:
        await db.execute("UPDATE jobs SET lease_token = lease_token + 1")
        await asyncio.sleep(60)
        yield

    job = await started(scope)
    async with asyncio.timeout(5):
        await work_on(job, slow)
    assert (await jobs.get(scope, job.id)).status == JobStatus.RUNNING


async def test_a_message_starts_the_job_and_a_lost_one_is_found_by_the_periodic_task(scope, context, monkeypatch):
    monkeypatch.setattr(runner, "HANDLERS", {JobKind.EXPORT: counting})
    job = await jobs.create(scope, JobKind.EXPORT, {"to": 2})
    assert await context.broker.redis.zcard(queue_key(Queue.BULK)) == 1
    await context.broker.redis.flushdb()
    await runner.find_jobs(context)
    assert await context.broker.redis.zcard(queue_key(Queue.BULK)) == 1
    await runner.run_job(context, scope.workspace_id, job.id)
    assert (await jobs.get(scope, job.id)).status == JobStatus.SUCCEEDED


async def test_after_a_job_has_run_waiting_jobs_are_enqueued(scope, context, monkeypatch):
    monkeypatch.setattr(runner, "HANDLERS", {JobKind.EXPORT: counting})
    first, second = [await jobs.create(scope, JobKind.EXPORT, {"to": 1}) for _ in range(2)]
    await context.broker.redis.flushdb()
    await runner.run_job(context, scope.workspace_id, second.id)
    assert (await jobs.get(scope, first.id)).status == JobStatus.SUCCEEDED
    assert await context.broker.redis.zcard(queue_key(Queue.BULK)) == 1


async def test_a_small_job_does_not_wait_for_the_large_ones_of_another_workspace(scope, context, monkeypatch):
    monkeypatch.setattr(runner, "STINT_SECONDS", 0.0)
    monkeypatch.setattr(runner, "HANDLERS", {JobKind.EXPORT: counting})
    large = [await jobs.create(scope, JobKind.EXPORT, {"to": 1000}) for _ in range(10)]
    for job in large:
        await runner.run_job(context, scope.workspace_id, job.id)
    other = await workspaces.create("Small")
    small = await jobs.create(other, JobKind.EXPORT, {"to": 5})
    for _ in range(15):
        await asyncio.gather(*(runner.run_job(context, scope.workspace_id, large[0].id) for _ in range(3)))
    assert (await jobs.get(other, small.id)).status == JobStatus.SUCCEEDED
    steps = [job.done for job in await jobs.by_ids(scope, [job.id for job in large])]
    assert max(steps) - min(steps) <= 2
