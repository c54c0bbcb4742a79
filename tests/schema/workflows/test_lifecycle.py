"""A workflow over the API from its first publish to its archive."""

from typing import Any

from models import db
from models.queue import jobs
from permissions.principal import Scope
from schema.server.ids import find_id, to_global_id
from tests.kit.api import ERRORS, Api
from tests.kit.segments import new_contacts
from tests.kit.workflow_graphs import end_of, graph_of, wait_of
from tests.kit.workflow_runs import finished

CREATE = f"mutation ($input: WorkflowCreateInput!) {{ workflowCreate(input: $input) {{ workflow {{ id }} {ERRORS} }} }}"
UPDATE = f"""mutation ($id: ID!, $input: WorkflowUpdateInput!) {{ workflowUpdate(id: $id, input: $input) {{
    workflow {{ version }} {ERRORS} }} }}"""
PREVIEW = """query ($id: ID!, $moves: [WorkflowMoveInput!], $enrolled: EnrolledContactsPolicy! = MOVE) {
    workflowPublishPreview(id: $id, enrolled: $enrolled, moves: $moves) {
        token inside stay moves { fromKey toKey count } exits wakesMoved wakesNow sendsWithinHour } }"""
PUBLISH = f"""mutation ($id: ID!, $input: WorkflowPublishInput!) {{ workflowPublish(id: $id, input: $input) {{
    workflow {{ status published {{ number note text publishedBy {{ name }} inside }} }} job {{ id total }} {ERRORS} }} }}"""
ACTIVATE = f"""mutation ($id: ID!, $existing: Boolean! = false) {{ workflowActivate(id: $id, existing: $existing) {{
    workflow {{ status activatedAt }} changed job {{ id }} {ERRORS} }} }}"""
ADD = f"""mutation ($id: ID!, $contacts: ContactSelection!) {{
    workflowContactsAdd(workflowId: $id, contacts: $contacts) {{ changed {ERRORS} }} }}"""
VERSIONS = "query ($id: ID!) { workflow(id: $id) { versions { nodes { number inside graph } } } }"


async def test_a_workflow_is_published_run_changed_while_people_are_inside_and_archived(
    api: Api, admin: str, workspace: Scope
) -> None:
    workflow_id = await _published(api, admin)
    people = [to_global_id("Contact", one) for one in await new_contacts(workspace, 3)]
    done = (await api.data(admin, ACTIVATE, id=workflow_id))["workflowActivate"]
    assert (done["workflow"]["status"], done["changed"], done["job"], done["userErrors"]) == ("ACTIVE", 0, None, [])
    assert (await api.data(admin, ADD, id=workflow_id, contacts={"ids": people}))["workflowContactsAdd"]["changed"] == 3
    graph = graph_of(wait_of("other", "P1D", "end"), end_of())
    await api.data(admin, UPDATE, id=workflow_id, input={"graph": graph})
    moves = [{"fromKey": "wait", "toKey": "other"}]
    shown = (await api.data(admin, PREVIEW, id=workflow_id, moves=moves))["workflowPublishPreview"]
    assert shown | {"token": ""} == {
        "token": "", "inside": 3, "stay": 0, "moves": [{"fromKey": "wait", "toKey": "other", "count": 3}],
        "exits": 0, "wakesMoved": 0, "wakesNow": 0, "sendsWithinHour": 0,
    }  # fmt: skip
    given = {"token": shown["token"], "note": "Another wait"}
    refused = (await api.data(admin, PUBLISH, id=workflow_id, input=given))["workflowPublish"]
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("CONFLICT", ["token"])]
    done = (await api.data(admin, PUBLISH, id=workflow_id, input={**given, "moves": moves}))["workflowPublish"]
    assert done["userErrors"] == []
    assert done["workflow"]["published"]["number"] == 2
    assert done["workflow"]["published"]["note"] == "Another wait"
    assert "other: wait 1 day" in done["workflow"]["published"]["text"]
    (second, first) = (await api.data(admin, VERSIONS, id=workflow_id))["workflow"]["versions"]["nodes"]
    assert (second["number"], second["inside"], first["inside"]) == (2, 3, 0)
    assert first["graph"] == graph_of(wait_of("wait", "P7D", "end"), end_of())
    for name, status in (("Pause", "PAUSED"), ("Resume", "ACTIVE"), ("Drain", "DRAINING"), ("Archive", "ARCHIVED")):
        mutation = f"mutation ($id: ID!) {{ workflow{name}(id: $id) {{ workflow {{ status }} {ERRORS} }} }}"
        assert (await api.data(admin, mutation, id=workflow_id))[f"workflow{name}"] == {
            "workflow": {"status": status}, "userErrors": [],
        }  # fmt: skip


async def _published(api: Api, admin: str) -> str:
    graph = graph_of(wait_of("wait", "P7D", "end"), end_of())
    made = (await api.data(admin, CREATE, input={"name": "Welcome", "graph": graph}))["workflowCreate"]["workflow"]
    early: dict[str, Any] = (await api.data(admin, ACTIVATE, id=made["id"]))["workflowActivate"]
    assert [error["code"] for error in early["userErrors"]] == ["NOT_ALLOWED_IN_STATE"]
    token = (await api.data(admin, PREVIEW, id=made["id"], moves=[]))["workflowPublishPreview"]["token"]
    done = (await api.data(admin, PUBLISH, id=made["id"], input={"token": token}))["workflowPublish"]
    assert done["userErrors"] == []
    assert done["workflow"]["published"]["publishedBy"] == {"name": "ADMIN 0"}
    return str(made["id"])


async def test_a_job_of_a_workflow_is_shown_with_its_progress(api: Api, admin: str, workspace: Scope) -> None:
    workflow_id = await _published(api, admin)
    job = await jobs.create(
        workspace, jobs.JobKind.WORKFLOW_CONTACTS, {"action": "ARCHIVE"}, workflow_id=find_id("Workflow", workflow_id)
    )
    await finished(workspace, job)
    shown = """{ jobs(kind: WORKFLOW_CONTACTS) { nodes { __typename status
        ... on WorkflowContactsJob { changed workflow { name } } } } }"""
    assert (await api.data(admin, shown))["jobs"]["nodes"] == [
        {"__typename": "WorkflowContactsJob", "status": "SUCCEEDED", "changed": 0, "workflow": {"name": "Welcome"}}
    ]
    assert await db.fetch_value("SELECT count(*) FROM jobs") == 1


async def test_what_blocks_is_an_error_of_the_publish_with_its_node(api: Api, admin: str, workspace: Scope) -> None:
    graph = graph_of(wait_of("wait", "P7D", "nowhere"), end_of())
    made = (await api.data(admin, CREATE, input={"name": "Welcome", "graph": graph}))["workflowCreate"]["workflow"]
    token = (await api.data(admin, PREVIEW, id=made["id"], moves=[]))["workflowPublishPreview"]["token"]
    refused = (await api.data(admin, PUBLISH, id=made["id"], input={"token": token}))["workflowPublish"]
    (error,) = refused["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["id"])
    assert 'node "wait"' in error["message"]
    assert "EDGE_TO_NOWHERE" in error["message"]
