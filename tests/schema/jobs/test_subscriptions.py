"""The progress of a job: late subscribers, removed jobs, and at most ten events a second."""

import asyncio
from contextlib import aclosing
from itertools import pairwise

from models import db
from models.accounts import members
from models.queue import jobs, running_jobs
from models.queue.jobs import JobKind, JobStatus
from models.segments import segments
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.jobs.job_watch import follow, new_watch
from schema.server.ids import to_global_id
from schema.server.subscriptions.progress_watch import LOOK_SECONDS
from tests.kit.api import Api, bearer_of
from tests.kit.segments import dynamic_segment, static_segment
from tests.kit.workspaces import new_workspace

WATCH = "subscription ($id: ID!) { jobProgress(id: $id) { status done } }"


async def new_job(scope: Scope) -> jobs.Job:
    """A job that a worker holds."""
    segment = await static_segment(scope)
    made = await jobs.create(scope, JobKind.SEGMENT_CONTACTS, {}, segment_id=segment.id)
    job = await running_jobs.take(scope.workspace_id, made.id)
    assert job is not None
    return job


async def test_a_job_is_followed_to_its_end(api, admin, scope):
    segment = await static_segment(scope)
    asked = {"change": "ADD", "selection": {"search": "a"}, "origin": "API"}
    made = await jobs.create(scope, JobKind.SEGMENT_CONTACTS, asked, segment_id=segment.id)
    watch = "subscription ($id: ID!) { jobProgress(id: $id) { id status done total } }"
    events = api.listen(admin, watch, id=to_global_id("SegmentContactsJob", made.id))
    seen = [(await anext(events))["data"]["jobProgress"]]
    job = await running_jobs.take(scope.workspace_id, made.id)
    for done in range(1, 40):
        await running_jobs.progress(job, done=done, total=39)
    await running_jobs.finish(job)
    seen += [event["data"]["jobProgress"] async for event in events]
    assert seen[0]["status"] == "QUEUED"
    assert (seen[-1]["status"], seen[-1]["done"], seen[-1]["total"]) == ("SUCCEEDED", 39, 39)
    assert len(seen) < 20


async def test_a_job_that_has_ended_is_shown_once(api, admin, scope):
    job = await segments.recompute(scope, (await dynamic_segment(scope, built=False)).id)
    await jobs.ask_cancel(scope, job.id)
    watch = "subscription ($id: ID!) { jobProgress(id: $id) { status } }"
    events = [event async for event in api.listen(admin, watch, id=to_global_id("RecomputeJob", job.id))]
    assert events == [{"data": {"jobProgress": {"status": "CANCELLED"}}}]
    (refused,) = [event async for event in api.listen(admin, watch, id=to_global_id("RecomputeJob", 999))]
    assert refused["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_late_subscriber_with_an_old_state_is_given_the_present_one(scope):
    watch, job = new_watch(), await new_job(scope)
    before = await jobs.get(scope, job.id)
    async with aclosing(follow(await jobs.get(scope, job.id), watch)) as first:
        await anext(first)
        await running_jobs.finish(job)
        assert (await asyncio.wait_for(anext(first), 5)).status == JobStatus.SUCCEEDED
        async with aclosing(follow(before, watch)) as late:
            assert (await anext(late)).status == JobStatus.RUNNING
            assert (await asyncio.wait_for(anext(late), 5)).status == JobStatus.SUCCEEDED


async def test_a_removed_job_ends_its_subscription_with_an_error(scope):
    api, admin, job = Api(), await bearer_of(scope), await new_job(scope)
    async with aclosing(api.listen(admin, WATCH, id=to_global_id("SegmentContactsJob", job.id))) as events:
        assert (await anext(events))["data"]["jobProgress"]["status"] == "RUNNING"
        await db.execute("DELETE FROM jobs WHERE workspace_id = $1 AND id = $2", scope.workspace_id, job.id)
        (error,) = (await asyncio.wait_for(anext(events), 5))["errors"]
    assert (error["extensions"]["reason"], error["extensions"]["field"]) == ("NOT_FOUND", ["id"])
    assert "removed" in error["message"]


async def test_a_job_of_another_workspace_does_not_exist(scope):
    job, api = await new_job(scope), Api()
    other = await bearer_of(await new_workspace("Other"))
    for wrong in (to_global_id("SegmentContactsJob", job.id), to_global_id("Contact", job.id), "x"):
        ((error,),) = [event["errors"] async for event in api.listen(other, WATCH, id=wrong)]
        assert error["extensions"]["reason"] == "NOT_FOUND"


async def test_events_come_at_most_ten_times_a_second_and_the_last_one_is_the_end(scope):
    api, admin, job = Api(), await bearer_of(scope), await new_job(scope)
    clock, heard, working = asyncio.get_running_loop().time, [], True

    async def work():
        done = 0
        while working:
            done += 1
            await running_jobs.progress(job, done=done, total=9)
            await asyncio.sleep(0.005)
        await running_jobs.finish(job)

    task = asyncio.create_task(work())
    async for event in api.listen(admin, WATCH, id=to_global_id("SegmentContactsJob", job.id)):
        heard.append((clock(), event["data"]["jobProgress"]))
        working = len(heard) < 6
    await task
    times = [at for at, _ in heard]
    assert all(later - earlier > LOOK_SECONDS * 0.95 for earlier, later in pairwise(times))
    assert heard[-1][1]["status"] == "SUCCEEDED"
    assert [done["done"] for _, done in heard] == sorted(done["done"] for _, done in heard)


async def test_losing_the_permission_ends_the_subscription(scope):
    api, job = Api(recheck_seconds=0.1), await new_job(scope)
    bearer = await bearer_of(scope, Role.USER, Permission.JOB_READ)
    async with aclosing(api.listen(bearer, WATCH, id=to_global_id("SegmentContactsJob", job.id))) as events:
        await anext(events)
        await members.update(scope, 1, {"permissions": []})
        (error,) = (await asyncio.wait_for(anext(events), 5))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_nobody_looks_when_nobody_follows(scope):
    watch, job = new_watch(), await new_job(scope)
    async with aclosing(follow(job, watch)) as events:
        await anext(events)
        await running_jobs.progress(job, done=1, total=2)
        assert (await asyncio.wait_for(anext(events), 5)).done == 1
        assert not watch.is_idle
    assert watch.is_idle
