"""Each problem of a graph is named with its node and its code."""

from typing import Any

from models.contacts import activities
from models.db.tables.segments import SegmentKind
from models.segments import segments
from models.workflows import drafts
from models.workflows.graph.read import read_graph
from models.workflows.problems.check import problems_of, validate
from permissions.principal import Scope
from tests.kit import broadcasts
from tests.kit.segments import dynamic_segment, in_segment, new_contacts, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, trigger_of, wait_of
from tests.kit.workspaces import new_workspace


async def found(scope: Scope, graph: dict[str, Any]) -> list[tuple[str | None, str, bool]]:
    return [(one.node_key, one.code.value, one.blocks) for one in await problems_of(scope, read_graph(graph))]


async def test_a_sound_graph_has_no_problems(database: str) -> None:
    scope = await new_workspace()
    assert not await found(scope, graph_of(wait_of("wait", "P1D", "end"), end_of()))


async def test_what_leads_nowhere_or_is_led_to_by_nothing_is_named(database: str) -> None:
    scope = await new_workspace()
    nodes = (wait_of("a", "P1D", ""), node_of("b", "condition", rule=tagged("x"), yes="gone", no="end"), end_of())
    assert await found(scope, graph_of(*nodes, triggers=[trigger_of("t", manual=True, start="nowhere")])) == [
        (None, "NO_START", True),
        ("a", "EDGE_TO_NOWHERE", True),
        ("b", "EDGE_TO_NOWHERE", True),
        ("b", "UNREACHABLE", False),
        ("end", "UNREACHABLE", False),
    ]
    assert await found(scope, {"triggers": [], "start": "", "nodes": []}) == [
        (None, "NO_TRIGGER", True),
        (None, "NO_START", True),
    ]


async def test_a_cycle_needs_a_wait_of_a_minute(database: str) -> None:
    scope = await new_workspace()

    async def of(node: dict[str, Any]) -> list[str]:
        nodes = (node_of("a", "condition", rule=tagged("x"), yes="b", no="end"), node, end_of())
        return [code for _, code, _ in await found(scope, graph_of(*nodes))]

    assert await of(wait_of("b", "PT59S", "a")) == ["CYCLE_WITHOUT_WAIT"]
    assert await of(wait_of("b", "PT1M", "a")) == []
    assert await of(wait_of("b", "P1M", "a")) == []
    assert await of(node_of("b", "waitUntil", time="10:00", next="a")) == []
    assert await of(node_of("b", "waitUntil", weekdays=[1], next="a")) == ["CYCLE_WITHOUT_WAIT"]
    assert await of(node_of("b", "waitUntil", field="created_at", time="10:00", next="a")) == ["CYCLE_WITHOUT_WAIT"]
    events = [{"tagAdded": "x"}]
    by_event = node_of("b", "waitFor", any=events, timeout="P1D", next="a", timedOut="end")
    by_time = node_of("b", "waitFor", any=events, timeout="P1D", next="end", timedOut="a")
    assert "CYCLE_WITHOUT_WAIT" in await of(by_event)
    assert "CYCLE_WITHOUT_WAIT" not in await of(by_time)
    (problem,) = await problems_of(
        scope, read_graph(graph_of(node_of("a", "tagsChange", add=["x"], next="b"), wait_of("b", "PT1S", "a")))
    )
    assert "a -> b -> a" in problem.message


async def test_only_static_segments_that_are_there_are_changed(database: str) -> None:
    scope = await new_workspace()
    static, dynamic = await static_segment(scope), await dynamic_segment(scope, built=False)
    nodes = (
        node_of("a", "segmentAdd", segmentId=static.id, next="b"),
        node_of("b", "segmentRemove", segmentId=dynamic.id, next="c"),
        node_of("c", "segmentKeep", segmentId=98, for_="P1D", next="d"),
        node_of("d", "condition", rule={"segment": {"segmentId": 99}}, yes="end", no="end"),
        end_of(),
    )
    triggers = [trigger_of("any", segmentEntered=dynamic.id), trigger_of("gone", segmentLeft=99)]
    assert await found(scope, graph_of(*nodes, triggers=triggers)) == [
        ("d", "SEGMENT_GONE", True),
        (None, "SEGMENT_GONE", True),
        ("b", "SEGMENT_NOT_STATIC", True),
        ("c", "SEGMENT_GONE", True),
    ]
    await segments.delete(scope, static.id)
    assert ("a", "SEGMENT_GONE", True) in await found(scope, graph_of(*nodes))


async def test_fields_and_values_must_fit_and_unknown_tags_and_kinds_are_hints(database: str) -> None:
    scope = await new_workspace()
    nodes = (
        node_of("a", "fieldSet", field="attributes.pionts", increment=1, next="b"),
        node_of("b", "fieldSet", field="name", increment=1, next="c"),
        node_of("c", "fieldSet", field="created_at", now=True, next="d"),
        node_of("d", "fieldSet", field="email", value="not an address", next="e"),
        node_of("e", "waitUntil", field="name", next="f"),
        node_of("f", "condition", rule={"field": {"field": "nmae", "operator": "IS_SET"}}, yes="g", no="end"),
        node_of("g", "fieldSet", field="date_of_birth", now=True, next="h"),
        node_of("h", "fieldSet", field="score", increment=2, next="end"),
        end_of(),
    )
    triggers = [
        trigger_of("t", tagAdded="vpi"),
        trigger_of("k", activity={"kind": "purhcase"}),
        trigger_of("f", fieldChanged=["tags", "fisrt_name"]),
        trigger_of("d", date={"field": "external_id"}),
        trigger_of("s", schedule={"rrule": "FREQ=SECONDLY", "segmentId": 9}),
    ]
    graph = graph_of(*nodes, triggers=triggers, reentry={"policy": "ONCE", "key": "order_id"})
    assert await found(scope, graph) == [
        ("f", "RULE_INVALID", True),
        (None, "SEGMENT_GONE", True),
        (None, "SCHEDULE_INVALID", True),
        (None, "FIELD_UNKNOWN", True),
        (None, "FIELD_UNKNOWN", True),
        ("a", "FIELD_UNKNOWN", True),
        ("b", "FIELD_VALUE", True),
        ("c", "FIELD_UNKNOWN", True),
        ("d", "FIELD_VALUE", True),
        ("e", "FIELD_UNKNOWN", True),
        (None, "TAG_UNKNOWN", False),
        (None, "KIND_UNKNOWN", False),
    ]
    (person,) = await new_contacts(scope, 1, tags=["VPI"])
    await activities.record(scope, [activities.NewActivity(contact_id=person, kind="purhcase")])
    assert not [code for _, code, blocks in await found(scope, graph) if not blocks]


async def test_templates_endpoints_workflows_and_messages_must_be_there(database: str) -> None:
    scope = await broadcasts.a_sender()
    greeting = await broadcasts.template(scope)
    draft = await drafts.create(scope, "Other")
    nodes = (
        node_of("a", "send", templateId=greeting.id, parameters=[{"name": "1", "field": "name"}], next="b"),
        node_of("b", "send", templateId=greeting.id, next="c"),
        node_of("c", "send", templateId=99, next="d"),
        node_of("d", "webhook", endpointId=1, next="e"),
        node_of("e", "enroll", workflowId=99, next="f"),
        node_of("f", "enroll", workflowId=draft.id, next="g"),
        node_of("g", "waitFor", any=[{"messageStatus": {"nodeKey": "d", "status": "READ"}}], timeout="P1D", next="end",
                timedOut="end"),
        end_of(),
    )  # fmt: skip
    assert await found(scope, graph_of(*nodes)) == [
        ("g", "NODE_UNKNOWN", True),
        ("e", "WORKFLOW_GONE", True),
        ("d", "ENDPOINT_GONE", True),
        ("b", "PARAMETERS", True),
        ("c", "TEMPLATE_GONE", True),
        ("f", "NEVER_HAPPENS", False),
    ]
    assert (None, "NO_CHANNEL", False) in await found(await new_workspace("Without"), graph_of(*nodes))


async def test_a_loop_is_warned_of_with_its_whole_path(database: str) -> None:
    scope = await new_workspace()
    static = await static_segment(scope, name="Kept")
    upon = await dynamic_segment(scope, in_segment(static), "Upon", built=False)
    made = await segments.create(scope, SegmentKind.DYNAMIC, name="Tagged", rule=tagged("Hot"))
    nodes = (
        node_of("add", "segmentAdd", segmentId=static.id, next="tag"),
        node_of("tag", "tagsChange", add=["hot"], next="end"),
    )
    for trigger, node_key, path in (
        (
            {"segmentEntered": upon.id},
            "add",
            'this workflow -> into segment "Kept" -> into segment "Upon" -> this workflow',
        ),
        (
            {"segmentLeft": made.segment.id},
            "tag",
            'this workflow -> tag added "hot" -> out of segment "Tagged" -> this workflow',
        ),
    ):
        (problem,) = await problems_of(
            scope, read_graph(graph_of(*nodes, end_of(), triggers=[trigger_of("t", **trigger)]))
        )
        assert (problem.node_key, problem.code, problem.blocks) == (node_key, "LOOP", False)
        assert path in problem.message


async def test_mistakes_in_a_graph_are_problems_of_its_nodes(database: str) -> None:
    scope = await new_workspace()
    graph = graph_of(wait_of("a", "a day", "end"), end_of())
    (problem,) = await validate(scope, graph)
    assert (problem.node_key, problem.code, problem.blocks) == ("a", "INVALID", True)
