"""Graphs are read from JSON strictly, and written as the same JSON."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, Final

import pytest

from models.errors import Problems
from models.rules.duration import Duration
from models.workflows.graph.actions import LatePolicy, Wait, WaitFor, WaitUntil
from models.workflows.graph.events import ActivityHappened, Manual, MessageReached, SegmentEntered
from models.workflows.graph.read import read_graph
from models.workflows.graph.read_actions import ACTIONS
from models.workflows.graph.tree import Graph, Reentry, ReentryPolicy, Zone
from models.workflows.graph.write import write_graph

RULE: Final = {"field": {"field": "email", "operator": "IS_SET"}}

EVENTS: Final = (
    {"segmentEntered": 7},
    {"segmentLeft": 7},
    {
        "activity": {
            "kind": "purchase",
            "where": [
                {"property": "amount", "operator": "GT", "value": 12.5},
                {"property": "shop", "operator": "IN", "value": ["a", "b"]},
                {"property": "paid", "operator": "EQUALS", "value": True},
                {"property": "coupon", "operator": "IS_SET"},
            ],
        }
    },
    {"contactCreated": True},
    {"fieldChanged": ["email", "attributes.city"]},
    {"tagAdded": "vip"},
    {"tagRemoved": "vip"},
    {"date": {"field": "date_of_birth", "offset": "P3D", "before": True, "yearly": True, "at": "10:00"}},
    {"schedule": {"rrule": "FREQ=WEEKLY;BYDAY=FR", "segmentId": 8}},
    {"messageStatus": {"nodeKey": "hello", "status": "READ"}},
    {"manual": True},
)

ACTIONS_JSON: Final = (
    {"condition": {"rule": RULE, "yes": "n1", "no": "n2"}},
    {"branch": {"cases": [{"name": "a", "rule": RULE, "next": "n2"}], "otherwise": "n3"}},
    {"split": {"shares": [{"name": "a", "percent": 30, "next": "n3"}, {"name": "b", "percent": 70, "next": "n4"}]}},
    {"wait": {"for": "P1DT2H", "next": "n4"}},
    {
        "waitUntil": {
            "field": "date_of_birth", "offset": "P1D", "time": "09:30", "weekdays": [1, 5], "late": "SKIP", "next": "n5",
            "skip": "n6",
        }
    },
    {
        "waitFor": {
            "any": [{"tagAdded": "vip"}], "rule": RULE, "lookBack": False, "timeout": "P2D", "next": "n6", "timedOut": "n7",
        }
    },
    {"segmentAdd": {"segmentId": 9, "next": "n7"}},
    {"segmentRemove": {"segmentId": 9, "next": "n8"}},
    {"segmentKeep": {"segmentId": 9, "for": "PT20S", "renew": False, "next": "n9"}},
    {"tagsChange": {"add": ["a"], "remove": ["b"], "next": "n10"}},
    {"fieldSet": {"field": "attributes.points", "increment": 2.5, "next": "n11"}},
    {"activityRecord": {"kind": "note", "properties": {"by": "us"}, "next": "n12"}},
    {
        "send": {
            "templateId": 3,
            "parameters": [{"name": "1", "field": "first_name", "fallback": "you"}, {"name": "2", "text": "now"}],
            "requireOptIn": False, "ignoreCap": True, "next": "n13", "skipped": "n14", "failed": "n15",
        }
    },
    {"webhook": {"endpointId": 4, "body": {"a": [1]}, "next": "n14", "failed": "n15"}},
    {"enroll": {"workflowId": 5, "next": "n15"}},
    {"end": {"outcome": "won"}},
)  # fmt: skip

EVERYTHING: Final = {
    "triggers": [{"key": f"t{index}", "on": event} for index, event in enumerate(EVENTS)]
    + [{"key": "late", "on": {"messageStatus": {"broadcastId": 6, "status": "FAILED"}}, "start": "n3"}],
    "start": "n0",
    "nodes": [
        {"key": f"n{index}", "label": "Hello", "layout": {"x": index}, "do": action}
        for index, action in enumerate(ACTIONS_JSON[:-1])
    ]
    + [
        {
            "key": "n15",
            "limit": {"perContact": 1, "total": 5, "cooldown": "P1Y2M3DT4H5M6S", "next": "n0"},
            "do": ACTIONS_JSON[-1],
        }
    ],
    "zone": "CONTACT",
    "entryRule": RULE,
    "reentry": {"policy": "EVERY_TIME", "cooldown": "P1D", "maxPerContact": 3, "key": "order_id"},
    "goal": {"event": {"activity": {"kind": "purchase"}}, "rule": RULE, "within": "P30D", "continueAfter": True},
    "exits": [{"rule": RULE}, {"event": {"tagAdded": "out"}}, {"leavesTrigger": True}],
    "sendWindow": {"from": "09:00", "to": "20:00", "weekdays": [1, 2], "exceptDays": ["2026-12-25"]},
    "controlPercent": 10,
    "maxStay": "P2Y",
}


def test_a_graph_with_everything_is_written_as_it_was_read() -> None:
    assert {name for node in EVERYTHING["nodes"] for name in node["do"]} == set(ACTIONS)
    assert write_graph(read_graph(EVERYTHING)) == EVERYTHING


def test_what_is_left_out_has_its_default() -> None:
    graph = read_graph({"triggers": [{"key": "t", "on": {"manual": True}}], "start": "", "nodes": [], "goal": None})
    assert graph == Graph((graph.triggers[0],), "")
    assert graph.reentry == Reentry(ReentryPolicy.ONCE)
    assert graph.zone is Zone.WORKSPACE
    assert graph.max_stay == Duration(months=12)
    assert graph.triggers[0].on == Manual()


def test_values_have_their_types() -> None:
    graph = read_graph(EVERYTHING)
    assert graph.triggers[0].on == SegmentEntered(7)
    purchase = graph.triggers[2].on
    assert isinstance(purchase, ActivityHappened)
    assert purchase.where[0].operand == Decimal("12.5")
    assert graph.nodes["n3"].do == Wait(Duration(days=1, seconds=7200), "n4")
    until = graph.nodes["n4"].do
    assert isinstance(until, WaitUntil)
    assert until.local_time == time(9, 30)
    assert until.late is LatePolicy.SKIP
    waited = graph.nodes["n5"].do
    assert isinstance(waited, WaitFor)
    assert not waited.look_back
    assert waited.timed_out == "n7"
    message = graph.triggers[-1].on
    assert isinstance(message, MessageReached)
    assert message.broadcast_id == 6
    assert graph.start_of("late") == "n3"
    assert graph.start_of("t0") == "n0"
    at = read_graph(
        _changed(lambda new: new["nodes"][4].update(do={"waitUntil": {"at": "2026-11-30T09:00:00+01:00", "next": "n"}}))
    )
    node = at.nodes["n4"].do
    assert isinstance(node, WaitUntil)
    assert node.at == datetime(2026, 11, 30, 8, tzinfo=UTC)


def test_edges_are_named_as_in_the_graph() -> None:
    nodes = read_graph(EVERYTHING).nodes
    assert nodes["n0"].edges == {"yes": "n1", "no": "n2"}
    assert nodes["n1"].edges == {"a": "n2", "otherwise": "n3"}
    assert nodes["n2"].edges == {"a": "n3", "b": "n4"}
    assert nodes["n4"].edges == {"next": "n5", "skip": "n6"}
    assert nodes["n5"].edges == {"next": "n6", "timedOut": "n7"}
    assert nodes["n12"].edges == {"next": "n13", "skipped": "n14", "failed": "n15"}
    assert nodes["n15"].edges == {"limited": "n0"}


def _changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    new: dict[str, Any] = copy.deepcopy(EVERYTHING)
    change(new)
    return new


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda new: new["nodes"][3]["do"]["wait"].update({"for": "3 days"}), "graph.nodes.3.do.wait.for"),
        (lambda new: new["nodes"][3]["do"]["wait"].pop("next"), "graph.nodes.3.do.wait.next"),
        (lambda new: new["nodes"][3]["do"].update(end={}), "graph.nodes.3.do"),
        (lambda new: new["nodes"][3].update(key="Wait!"), "graph.nodes.3.key"),
        (lambda new: new["nodes"][3].update(key="n1"), "graph.nodes.3.key"),
        (lambda new: new["nodes"][3].pop("do"), "graph.nodes.3.do"),
        (lambda new: new["nodes"][2]["do"]["split"]["shares"][0].update(percent=31), "graph.nodes.2.do.split.shares"),
        (lambda new: new["nodes"][1]["do"]["branch"]["cases"][0].update(name="otherwise"), "graph.nodes.1.do.branch.cases"),
        (lambda new: new["nodes"][1]["do"]["branch"]["cases"][0].update(surprise=1), "graph.nodes.1.do.branch.cases.0"),
        (lambda new: new["nodes"][4]["do"]["waitUntil"].update(time="24:00"), "graph.nodes.4.do.waitUntil.time"),
        (lambda new: new["nodes"][4]["do"]["waitUntil"].update(weekdays=[0]), "graph.nodes.4.do.waitUntil.weekdays"),
        (lambda new: new["nodes"][5]["do"]["waitFor"].update(any=[], rule=None), "graph.nodes.5.do.waitFor"),
        (lambda new: new["nodes"][5]["do"]["waitFor"]["any"][0].update(manual=True), "graph.nodes.5.do.waitFor.any.0"),
        (lambda new: new["nodes"][10]["do"]["fieldSet"].update(value=3), "graph.nodes.10.do.fieldSet"),
        (lambda new: new["nodes"][12]["do"]["send"]["parameters"][1].pop("text"), "graph.nodes.12.do.send.parameters.1"),
        (lambda new: new["nodes"][15]["limit"].update(total=0), "graph.nodes.15.limit.total"),
        (lambda new: new["triggers"][2]["on"]["activity"].update(kind="A b"), "graph.triggers.2.on.activity.kind"),
        (
            lambda new: new["triggers"][2]["on"]["activity"]["where"][0].update(value="much"),
            "graph.triggers.2.on.activity.where.0.value",
        ),
        (lambda new: new["triggers"][3]["on"].update(contactCreated=False), "graph.triggers.3.on.contactCreated"),
        (lambda new: new["triggers"][9]["on"]["messageStatus"].pop("status"), "graph.triggers.9.on.messageStatus.status"),
        (lambda new: new.update(controlPercent=101), "graph.controlPercent"),
        (lambda new: new.update(entryRule=[]), "graph.entryRule"),
        (lambda new: new.update(goal={}), "graph.goal"),
        (lambda new: new["exits"].append({}), "graph.exits.3"),
        (lambda new: new["sendWindow"].update(exceptDays=["2026-02-30"]), "graph.sendWindow.exceptDays"),
        (lambda new: new.update(surprise=1), "graph"),
        (lambda new: new.update(maxStay="P0D"), "graph.maxStay"),
        (lambda new: new.pop("start"), "graph.start"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_path(change: Callable[[dict[str, Any]], object], path: str) -> None:
    with pytest.raises(Problems) as raised:
        read_graph(_changed(change))
    assert [".".join(error.path or ()) for error in raised.value.errors] == [path]


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(Problems) as raised:
        read_graph({"triggers": 3, "nodes": [{"key": "a", "do": {"wait": {"for": 1, "next": 2}}}], "start": 1})
    assert {".".join(error.path or ()) for error in raised.value.errors} == {
        "graph.triggers", "graph.start", "graph.nodes.0.do.wait.for", "graph.nodes.0.do.wait.next",
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [None, [], "graph", 1])
def test_a_graph_is_an_object(wrong: object) -> None:
    with pytest.raises(Problems):
        read_graph(wrong)
