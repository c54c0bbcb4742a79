"""Workflows over the API, as they are edited."""

from models.workflows import drafts
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit import broadcasts
from tests.kit.api import ERRORS, Api, token_with
from tests.kit.segments import static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, trigger_of, wait_of

SHOWN = "workflow { id name status version draft draftText problems { blocks nodeKey code message } segments { name } }"
CREATE = f"mutation ($input: WorkflowCreateInput!) {{ workflowCreate(input: $input) {{ {SHOWN} {ERRORS} }} }}"
UPDATE = f"""mutation ($id: ID!, $input: WorkflowUpdateInput!) {{
    workflowUpdate(id: $id, input: $input) {{ {SHOWN} {ERRORS} }} }}"""
VALIDATE = "query ($graph: WorkflowGraphInput!) { workflowValidate(graph: $graph) { blocks nodeKey code } }"


async def test_a_draft_is_shown_as_it_is_given_and_can_be_given_again(api: Api, admin: str, workspace: Scope) -> None:
    await broadcasts.connected(workspace)
    segment = to_global_id("Segment", (await static_segment(workspace, name="Kept")).id)
    template = to_global_id("MessageTemplate", (await broadcasts.template(workspace)).id)
    in_kept = {"segment": {"segmentId": segment, "member": True}}
    nodes = [
        node_of("ask", "branch", cases=[{"name": "in", "rule": {"any": [in_kept, tagged("vip")]}, "next": "wait"}],
                otherwise="keep"),
        wait_of("wait", "PT10M", "send"),
        node_of("send", "send", templateId=template, parameters=[{"name": "1", "field": "name", "fallback": "you"}],
                next="record"),
        node_of("record", "activityRecord", kind="note", properties={"segmentId": 7, "next": ["x"]}, next="end"),
        node_of("keep", "segmentKeep", segmentId=segment, for_="PT20S", next="end") | {"layout": {"x": 1}},
        end_of(),
    ]  # fmt: skip
    graph = graph_of(
        *nodes,
        triggers=[trigger_of("in", segmentEntered=segment),
                  trigger_of("due", schedule={"rrule": "FREQ=DAILY", "segmentId": segment})],
        zone="CONTACT",
        sendWindow={"from": "09:00", "to": "20:00", "exceptDays": ["2026-12-25"]},
        goal={"event": {"activity": {"kind": "purchase", "where": [{"property": "amount", "operator": "GT", "value": 5}]}}},
    )  # fmt: skip
    made = (await api.data(admin, CREATE, input={"name": "Welcome", "graph": graph}))["workflowCreate"]
    assert made["userErrors"] == []
    assert made["workflow"]["draft"] == graph
    assert [problem["code"] for problem in made["workflow"]["problems"]] == ["KIND_UNKNOWN", "LOOP"]
    assert made["workflow"]["segments"] == [{"name": "Kept"}]
    assert 'keep in segment "Kept" for 20 seconds' in made["workflow"]["draftText"]
    again = await api.data(
        admin, UPDATE, id=made["workflow"]["id"], input={"graph": made["workflow"]["draft"], "version": 1}
    )
    assert again["workflowUpdate"]["workflow"]["version"] == 1


async def test_mistakes_are_told_with_their_field_and_other_workspaces_ids_are_unknown(
    api: Api, admin: str, workspace: Scope
) -> None:
    wrong = graph_of(wait_of("wait", "soon", "end"), end_of())
    payload = (await api.data(admin, CREATE, input={"name": "x", "graph": wrong}))["workflowCreate"]
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [
        ("INVALID", ["graph", "nodes", "0", "do", "wait", "for"])
    ]
    graph = graph_of(node_of("add", "segmentAdd", segmentId="nonsense", next=""), end_of())
    assert (await api.data(admin, VALIDATE, graph=graph))["workflowValidate"] == [
        {"blocks": True, "nodeKey": "add", "code": "EDGE_TO_NOWHERE"},
        {"blocks": True, "nodeKey": "add", "code": "SEGMENT_GONE"},
        {"blocks": False, "nodeKey": "end", "code": "UNREACHABLE"},
    ]
    assert (await api.data(admin, VALIDATE, graph=wrong))["workflowValidate"] == [
        {"blocks": True, "nodeKey": "wait", "code": "INVALID"}
    ]


async def test_an_update_says_what_it_was_made_upon(api: Api, admin: str, workspace: Scope) -> None:
    made = (await api.data(admin, CREATE, input={"name": "Welcome"}))["workflowCreate"]["workflow"]
    await api.data(admin, UPDATE, id=made["id"], input={"name": "Hello"})
    lost = (await api.data(admin, UPDATE, id=made["id"], input={"name": "Lost", "version": 1}))["workflowUpdate"]
    assert [(error["code"], error["field"]) for error in lost["userErrors"]] == [("CONFLICT", ["version"])]


async def test_workflows_are_paged_by_name(api: Api, admin: str, workspace: Scope) -> None:
    for name in ("b", "A", "c"):
        await api.data(admin, CREATE, input={"name": name})
    listing = """query ($after: String) { workflows(first: 2, after: $after) {
        nodes { name version activatesAt } pageInfo { hasNextPage endCursor } totalCount } }"""
    page = (await api.data(admin, listing))["workflows"]
    assert ([node["name"] for node in page["nodes"]], page["totalCount"]) == (["A", "b"], 3)
    rest = (await api.data(admin, listing, after=page["pageInfo"]["endCursor"]))["workflows"]
    assert ([node["name"] for node in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["c"], False)
    assert (await api.data(admin, "{ workflows(withFailed: true) { totalCount } }"))["workflows"]["totalCount"] == 0


async def test_segments_of_a_workflow_need_the_permission_to_read_segments(api: Api, workspace: Scope) -> None:
    bearer = await token_with(workspace, Permission.WORKFLOW_READ)
    assert await api.codes(bearer, "{ workflows { nodes { segments { name } } } }") == []
    await drafts.create(workspace, "Welcome")
    assert await api.codes(bearer, "{ workflows { nodes { name } } }") == []
    assert await api.codes(bearer, "{ workflows { nodes { segments { name } } } }") == ["FORBIDDEN"]
