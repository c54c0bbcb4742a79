"""Jobs over the API: listed, cancelled, followed."""

import pytest

from models.queue import jobs
from models.queue.jobs import JobKind
from models.segments import segments
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.segments import dynamic_segment, static_segment
from tests.kit.workspaces import new_workspace

ERRORS = "userErrors { code field message }"


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def admin(scope: Scope) -> str:
    return await bearer_of(scope)


@pytest.fixture
def api() -> Api:
    return Api()


async def test_jobs_are_listed_newest_first_and_page_by_page(api, admin, scope):
    made = [(await segments.recompute(scope, (await dynamic_segment(scope, built=False)).id)).id for _ in range(3)]
    asked = """query ($first: Int, $after: String, $status: JobStatus, $kind: JobKind) {
        jobs(first: $first, after: $after, status: $status, kind: $kind) {
            nodes { id kind } edges { cursor node { status } } pageInfo { hasNextPage endCursor } } }"""
    page = (await api.data(admin, asked, first=2))["jobs"]
    rest = (await api.data(admin, asked, after=page["pageInfo"]["endCursor"]))["jobs"]
    assert [node["id"] for node in page["nodes"] + rest["nodes"]] == [
        to_global_id("RecomputeJob", n) for n in reversed(made)
    ]
    assert (await api.data(admin, asked, status="RUNNING"))["jobs"]["nodes"] == []
    assert len((await api.data(admin, asked, kind="RECOMPUTE"))["jobs"]["nodes"]) == 3


async def test_a_job_is_cancelled(api, admin, scope):
    job = await segments.recompute(scope, (await dynamic_segment(scope, built=False)).id)
    cancel = f"mutation ($id: ID!) {{ jobCancel(id: $id) {{ job {{ status finishedAt }} {ERRORS} }} }}"
    payload = (await api.data(admin, cancel, id=to_global_id("RecomputeJob", job.id)))["jobCancel"]
    assert payload["job"]["status"] == "CANCELLED"
    missing = (await api.data(admin, cancel, id="nonsense"))["jobCancel"]
    assert [(error["code"], error["field"]) for error in missing["userErrors"]] == [("NOT_FOUND", ["id"])]


async def test_the_id_of_a_job_of_another_kind_is_no_id_of_this_one(api, admin, scope):
    job = await segments.recompute(scope, (await dynamic_segment(scope, built=False)).id)
    wrong = to_global_id("SegmentContactsJob", job.id)
    assert await api.data(admin, "query ($id: ID!) { job(id: $id) { id } node(id: $id) { id } }", id=wrong) == {
        "job": None,
        "node": None,
    }
    cancel = f"mutation ($id: ID!) {{ jobCancel(id: $id) {{ job {{ status }} {ERRORS} }} }}"
    refused = (await api.data(admin, cancel, id=wrong))["jobCancel"]
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("NOT_FOUND", ["id"])]
    assert (await jobs.get(scope, job.id)).status == "QUEUED"


async def test_a_job_is_followed_to_its_end(api, admin, scope):
    segment = await static_segment(scope)
    asked = {"change": "ADD", "selection": {"search": "a"}, "origin": "API"}
    made = await jobs.create(scope, JobKind.SEGMENT_CONTACTS, asked, segment_id=segment.id)
    watch = "subscription ($id: ID!) { jobProgress(id: $id) { id status done total } }"
    events = api.listen(admin, watch, id=to_global_id("SegmentContactsJob", made.id))
    seen = [(await anext(events))["data"]["jobProgress"]]
    job = await jobs.take(scope.workspace_id, made.id)
    for done in range(1, 40):
        await jobs.progress(job, done=done, total=39)
    await jobs.finish(job)
    seen += [event["data"]["jobProgress"] async for event in events]
    assert seen[0]["status"] == "QUEUED"
    assert (seen[-1]["status"], seen[-1]["done"], seen[-1]["total"]) == ("SUCCEEDED", 39, 39)
    assert len(seen) < 20


async def test_following_a_job_that_has_ended_tells_how_and_ends(api, admin, scope):
    job = await segments.recompute(scope, (await dynamic_segment(scope, built=False)).id)
    await jobs.ask_cancel(scope, job.id)
    watch = "subscription ($id: ID!) { jobProgress(id: $id) { status } }"
    events = [event async for event in api.listen(admin, watch, id=to_global_id("RecomputeJob", job.id))]
    assert events == [{"data": {"jobProgress": {"status": "CANCELLED"}}}]
    (refused,) = [event async for event in api.listen(admin, watch, id=to_global_id("RecomputeJob", 999))]
    assert refused["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
