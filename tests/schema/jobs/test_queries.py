"""Jobs, found and listed."""

from models.queue import jobs
from models.segments import segments
from schema.server.ids import to_global_id
from tests.kit.api import ERRORS
from tests.kit.segments import dynamic_segment


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


async def test_the_id_of_a_job_of_another_kind_finds_nothing(api, admin, scope):
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
