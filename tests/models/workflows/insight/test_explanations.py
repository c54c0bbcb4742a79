"""Why an enrollment is where it is, in words that a person understands."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.workflows.graph.read import read_graph
from models.workflows.graph.text import Names
from models.workflows.insight.explanations import Shown, explanation
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, trigger_of, wait_of

NOON = datetime(2026, 3, 1, 11, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
BOUGHT = {"activity": {"kind": "purchase"}}
GRAPH = read_graph(
    graph_of(
        wait_of("wait", "P1D", "ask"),
        node_of("ask", "waitFor", any=[BOUGHT], timeout="P1D", next="greet", timedOut="end"),
        node_of("greet", "send", templateId=1, next="end"),
        node_of("tag", "tagsChange", add=["x"], next="end"),
        end_of(),
        triggers=[trigger_of("visited", activity={"kind": "visit"})],
        goal={"event": BOUGHT},
        exits=[{"rule": tagged("gone")}, {"leavesTrigger": True}],
    )
)
CAME = "It came in at 2026-03-01 12:00:00 (Europe/Madrid), when visit activity happens."
OTHERS = (
    " It ends with the goal when purchase activity happens. It ends when it is tagged gone."
    " It ends when it leaves the segment that let it in."
)


def row(**given):
    usual = {
        "trigger": "visited",
        "test_id": None,
        "entered_at": NOON,
        "reason": None,
        "wake_at": None,
        "node_key": "wait",
    }
    return {**usual, "end": None, "ended_at": None, **given}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"state": "WAITING", "wake_at": LATER},
            "It waits at wait, until 2026-03-02 12:00:00 (Europe/Madrid), and then goes on to ask.",
        ),
        (
            {"state": "WAITING", "node_key": "ask", "wake_at": LATER},
            (
                "It waits at ask until purchase activity happens, and then goes on to greet; at the latest until"
                " 2026-03-02 12:00:00 (Europe/Madrid), and then to end."
            ),
        ),
        ({"state": "WAITING", "node_key": "greet"}, "It waits at greet for the outcome of its message."),
        ({"state": "HELD", "node_key": "tag", "reason": "PAUSED"}, "It is held at tag: the workflow is paused."),
        (
            {"state": "HELD", "node_key": "greet", "reason": "it is night", "wake_at": LATER},
            "It is held at greet: it is night, until 2026-03-02 12:00:00 (Europe/Madrid).",
        ),
        (
            {"state": "FAILED", "node_key": "tag", "reason": "too many tags"},
            "It failed at tag: too many tags. It stays there until it is moved on or removed.",
        ),
        (
            {"state": "READY", "node_key": "tag", "reason": "PENDING"},
            (
                "It is due at tag, and goes on as soon as the engine comes to it: the segments are being brought up to date"
                " with what happened, which takes a moment."
            ),
        ),
    ],
    ids=["wait", "wait-for", "send", "paused", "held", "failed", "ready"],
)
def test_those_inside_are_explained_with_what_moves_them_on(given, said):
    assert explanation(row(**given), Shown(GRAPH, Names(), ZoneInfo("Europe/Madrid"))) == f"{CAME} {said}{OTHERS}"


def test_those_who_have_ended_are_explained_with_the_reason():
    ended = row(state="ENDED", node_key="end", end="LOOP_STOPPED", reason="A -> B -> A", ended_at=LATER, test_id=3)
    assert explanation(ended, Shown(GRAPH, Names(), ZoneInfo("UTC"))) == (
        "It came in as a test at 2026-03-01 11:00:00 (UTC), when visit activity happens."
        " It ended at end at 2026-03-02 11:00:00 (UTC): it went in a circle: A -> B -> A."
    )
