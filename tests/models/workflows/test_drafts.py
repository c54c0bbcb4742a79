"""Workflows as they are edited."""

from typing import Any

import pytest

from models import db
from models.errors import Conflict, Invalid, NotAllowedInState, NotFound, Problems
from models.segments import uses
from models.workflows import drafts, lists
from models.workflows.graph.read import read_graph
from models.workflows.lists import WorkflowFilter
from models.workflows.problems.check import problems_of
from models.workflows.states import WorkflowStatus
from models.workflows.texts import graphs_in_words
from permissions.principal import Scope
from tests.kit.segments import static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, trigger_of, wait_of
from tests.kit.workspaces import new_workspace

GRAPH = graph_of(wait_of("wait", "P1D", "end"), end_of())


async def actions(scope: Scope) -> list[str]:
    rows = await db.fetch("SELECT action FROM audit_log WHERE workspace_id = $1 ORDER BY id", scope.workspace_id)
    return [row["action"] for row in rows]


async def test_a_draft_is_made_saved_and_duplicated(database: str) -> None:
    scope = await new_workspace()
    made = await drafts.create(scope, " Welcome ", "For new ones")
    assert (made.name, made.status, made.version, made.published_number) == ("Welcome", WorkflowStatus.DRAFT, 1, None)
    assert drafts.graph_of(made) == read_graph({"triggers": [], "start": "", "nodes": []})
    saved = await drafts.update(scope, made.id, {"graph": GRAPH}, version=1)
    assert (saved.version, saved.draft) == (2, GRAPH)
    again = await drafts.update(scope, made.id, {"graph": GRAPH, "name": "Welcome"}, version=2)
    assert again.version == 2
    copy = await drafts.duplicate(scope, made.id, "Second")
    assert (copy.name, copy.description, copy.draft, copy.version) == ("Second", "For new ones", GRAPH, 1)
    assert (await actions(scope))[-3:] == ["workflow_create", "workflow_update", "workflow_duplicate"]


async def test_a_lost_update_is_refused_and_changes_nothing(database: str) -> None:
    scope = await new_workspace()
    made = await drafts.create(scope, "Welcome")
    await drafts.update(scope, made.id, {"name": "Hello"})
    with pytest.raises(Conflict):
        await drafts.update(scope, made.id, {"name": "Lost"}, version=1)
    assert (await drafts.get(scope, made.id)).name == "Hello"


async def test_a_draft_may_have_problems_but_no_mistakes(database: str) -> None:
    scope = await new_workspace()
    made = await drafts.create(scope, "Welcome", graph_json=graph_of(wait_of("wait", "P1D", "nowhere")))
    assert [problem.code for problem in await problems_of(scope, drafts.graph_of(made))] == ["EDGE_TO_NOWHERE"]
    with pytest.raises(Problems) as raised:
        await drafts.update(scope, made.id, {"graph": graph_of(wait_of("wait", "soon", "end"))})
    assert [error.path for error in raised.value.errors] == [("graph", "nodes", "0", "do", "wait", "for")]
    with pytest.raises(Invalid):
        await drafts.create(scope, "  ")
    with pytest.raises(Problems, match=r"U\+0000"):
        unstorable = graph_of(node_of("a", "webhook", endpointId=1, body={"a": "\0"}, next="end"), end_of())
        await drafts.update(scope, made.id, {"graph": unstorable})
    assert (await drafts.get(scope, made.id)).version == 1


async def test_workspaces_and_archived_workflows_are_kept_apart(database: str) -> None:
    scope, other = await new_workspace(), await new_workspace("Other")
    made = await drafts.create(scope, "Welcome")
    with pytest.raises(NotFound):
        await drafts.update(other, made.id, {"name": "Theirs"})
    assert await drafts.find(other, made.id) is None
    with pytest.raises(NotFound):
        await drafts.restore_version(scope, made.id, 1)
    await db.execute("UPDATE workflows SET status = 'ARCHIVED' WHERE workspace_id = $1", scope.workspace_id)
    with pytest.raises(NotAllowedInState):
        await drafts.update(scope, made.id, {"name": "Again"})


async def test_workflows_are_listed_by_name_status_and_segment(database: str) -> None:
    scope = await new_workspace()
    segment = await static_segment(scope)
    graph = graph_of(node_of("add", "segmentAdd", segmentId=segment.id, next="end"), end_of())
    for name, graph_json in (("b", None), ("A", graph), ("C", None)):
        await drafts.create(scope, name, graph_json=graph_json)
    everyone = await lists.page(scope, WorkflowFilter(), 10)
    assert [listed.workflow.name for listed in everyone] == ["A", "b", "C"]
    rest = await lists.page(scope, WorkflowFilter(), 10, (everyone[0].sort_key, everyone[0].workflow.id))
    assert [listed.workflow.name for listed in rest] == ["b", "C"]
    for wanted, names in (
        (WorkflowFilter(search="B"), ["b"]),
        (WorkflowFilter(status=WorkflowStatus.ACTIVE), []),
        (WorkflowFilter(segment_id=segment.id), ["A"]),
    ):
        assert [listed.workflow.name for listed in await lists.page(scope, wanted, 10)] == names
        assert await lists.count(scope, wanted) == len(names)
    used = await uses.in_use(scope, segment.id)
    assert not used, "a draft does not keep a segment from being deleted"


async def test_a_graph_is_told_in_words(database: str) -> None:
    scope = await new_workspace()
    segment = await static_segment(scope, name="Kept")
    nodes: list[dict[str, Any]] = [
        node_of("ask", "condition", rule=tagged("vip"), yes="keep", no="end") | {"label": "VIP?"},
        node_of("keep", "segmentKeep", segmentId=segment.id, for_="PT20S", next="wait"),
        node_of("wait", "waitUntil", field="date_of_birth", offset="P1D", time="10:00", weekdays=[1], next="end"),
        end_of(),
    ]
    where = [{"property": "amount", "operator": "GT", "value": 10}]
    triggers = [trigger_of("bought", activity={"kind": "purchase", "where": where})]
    exits = [{"event": {"segmentLeft": segment.id}}]
    (text,) = await graphs_in_words(scope, [read_graph(graph_of(*nodes, triggers=triggers, exits=exits))])
    assert text.splitlines() == [
        "When purchase activity where amount is more than 10 happens: go to ask.",
        'ask "VIP?": if tagged vip (yes -> keep, no -> end).',
        'keep: keep in segment "Kept" for 20 seconds (next -> wait).',
        "wait: wait until 1 day after date_of_birth then 10:00 then on Monday (next -> end).",
        "end: end: done.",
        'Out when a contact leaves segment "Kept".',
    ]
