"""Cancelling a job."""

from models.segments import segments
from schema.server.ids import to_global_id
from tests.kit.api import ERRORS
from tests.kit.segments import dynamic_segment


async def test_a_job_is_cancelled(api, admin, scope):
    job = await segments.recompute(scope, (await dynamic_segment(scope, built=False)).id)
    cancel = f"mutation ($id: ID!) {{ jobCancel(id: $id) {{ job {{ status finishedAt }} {ERRORS} }} }}"
    payload = (await api.data(admin, cancel, id=to_global_id("RecomputeJob", job.id)))["jobCancel"]
    assert payload["job"]["status"] == "CANCELLED"
    missing = (await api.data(admin, cancel, id="nonsense"))["jobCancel"]
    assert [(error["code"], error["field"]) for error in missing["userErrors"]] == [("NOT_FOUND", ["id"])]
