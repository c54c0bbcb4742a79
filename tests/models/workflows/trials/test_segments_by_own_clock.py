"""A trial asks who is a member by its own clock: of the past by the log, of what is to come by the segment's rule."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock
from models.membership import manual_changes
from models.membership.origins import Origin, Override
from models.workflows.trials import runs
from models.workflows.trials.simulate import simulate
from tests.kit.segments import dynamic_segment, in_segment, new_contacts, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, trigger_of, wait_of
from tests.kit.workflows import node, running
from tests.kit.workspaces import new_workspace
from tests.models.workflows.trials.test_backtest import happens, played

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LONG_SUBSCRIBED = {"field": {"field": "subscribed_at", "operator": "MORE_THAN_AGO", "value": "P3D"}}


@pytest.fixture
async def scope(database):
    clock.set_source(lambda: START)
    return await new_workspace(timezone="UTC")


async def asking(scope, rule, days, **more):
    """A graph that waits some days and then asks whether the rule holds."""
    return graph_of(
        wait_of("wait", f"P{days}D", "ask"),
        node_of("ask", "condition", rule=rule, yes="yes", no="no"),
        end_of("yes", "yes"),
        end_of("no", "no"),
        **more,
    )


async def test_a_test_run_and_a_simulation_ask_the_rules_of_segments_by_their_clock(scope):
    chosen = await static_segment(scope)
    loyal = await dynamic_segment(scope, LONG_SUBSCRIBED, "Loyal")
    both = await dynamic_segment(scope, {"all": [in_segment(loyal), {"not": in_segment(chosen)}]}, "Loyal, not chosen")
    ana, out, kept = await new_contacts(scope, 3, subscribed_at=START)
    (late,) = await new_contacts(scope, 1, subscribed_at=START + 2 * DAY)
    await manual_changes.override(scope, loyal.id, [out], Override.EXCLUDE)
    await manual_changes.override(scope, loyal.id, [late], Override.INCLUDE)
    await manual_changes.change_members(scope, chosen.id, add=[kept], origin=Origin.MANUAL)
    graph = await asking(scope, in_segment(both), 4)
    workflow_id = await running(scope, graph)
    state = await runs.start(scope, workflow_id, [ana, out, kept, late])
    assert state.fidelity == "EXACT"
    state = await runs.advance(scope, workflow_id, START + 5 * DAY)
    went = {one["contact_id"]: one["node_key"] for one in state.enrollments}
    assert went == {ana: "yes", out: "no", kept: "no", late: "yes"}
    for contact_id, outcome in went.items():
        path = await simulate(scope, graph, contact_id)
        assert path.steps[-1].outcome == outcome, "and so says a simulation"
    early = await simulate(scope, await asking(scope, in_segment(both), 2), ana)
    assert early.steps[-1].outcome == "no"


def waits_for(rule):
    """Four days for the rule."""
    return node_of("ask", "waitFor", rule=rule, timeout="P4D", next="yes", timedOut="no")


async def test_time_makes_rules_true_by_the_clock_of_the_test(scope):
    """Who subscribed at the start has done so for three days after three days, and who did two days later has not yet."""
    loyal = await dynamic_segment(scope, LONG_SUBSCRIBED, "Loyal")
    longer = await dynamic_segment(scope, {"all": [in_segment(loyal)]}, "Longer")
    (ana,) = await new_contacts(scope, 1, subscribed_at=START)
    (late,) = await new_contacts(scope, 1, subscribed_at=START + 2 * DAY)
    ends = (end_of("yes", "yes"), end_of("no", "no"))
    month = wait_of("ask", "P30D", "no")
    for graph, end in (
        (graph_of(waits_for(in_segment(longer)), *ends), "REACHED_END"),
        (graph_of(month, *ends, exits=[{"rule": LONG_SUBSCRIBED}]), "EXIT_RULE"),
        (graph_of(month, *ends, goal={"rule": in_segment(loyal)}), "GOAL"),
    ):
        workflow_id = await running(scope, graph)
        state = await runs.start(scope, workflow_id, [ana, late])
        assert state.fidelity == "EXACT"
        state = await runs.advance(scope, workflow_id, START + 7 * DAY / 2)
        went = {one["contact_id"]: (one["state"], one["end"], one["ended_at"]) for one in state.enrollments}
        assert went[late] == ("WAITING", None, None)
        assert went[ana][:2] == ("ENDED", end)
        assert timedelta() < went[ana][2] - (START + 3 * DAY) <= timedelta(milliseconds=1)
        state = await runs.advance(scope, workflow_id, START + 9 * DAY)
        came_late = {one["contact_id"]: one["ended_at"] for one in state.enrollments}[late]
        wanted = START + (4 if end == "REACHED_END" else 5) * DAY
        assert timedelta() <= came_late - wanted <= timedelta(milliseconds=1)


async def test_what_follows_real_time_in_a_test_run_is_said(scope):
    (ana,) = await new_contacts(scope, 1)
    loyal = await dynamic_segment(scope, LONG_SUBSCRIBED, "Loyal")
    asks = node("ask", condition={"rule": tagged("x"), "yes": "end", "no": "end"})
    hears = node(
        "ask", waitFor={"any": [{"segmentEntered": loyal.id}], "timeout": "P9D", "next": "end", "timedOut": "end"}
    )
    left = {"triggers": [trigger_of("entered", segmentEntered=loyal.id)], "exits": [{"leavesTrigger": True}]}
    for name, nodes, more in (
        ("EXACT", [asks], {}),
        ("AS_OF_NOW", [hears], {}),
        ("AS_OF_NOW", [asks], left),
        ("EXACT", [asks], {"triggers": left["triggers"]}),
        ("EXACT", [asks], {"exits": [{"rule": tagged("x")}]}),
    ):
        workflow_id = await running(scope, graph_of(*nodes, end_of(), **more))
        assert (await runs.start(scope, workflow_id, [ana])).fidelity == name


async def test_a_back_test_knows_who_was_a_member_and_says_what_is_sure(scope):
    chosen = await static_segment(scope)
    ana, ben = await new_contacts(scope, 2)
    await happens(scope, DAY, ("visit", ana), ("visit", ben))
    clock.set_source(lambda: START + 3 * DAY)
    await manual_changes.change_members(scope, chosen.id, add=[ana], origin=Origin.MANUAL)
    await happens(scope, 4 * DAY, ("visit", ana), ("visit", ben))
    clock.set_source(lambda: START + 6 * DAY)
    await manual_changes.change_members(scope, chosen.id, remove=[ana], origin=Origin.MANUAL)
    await happens(scope, 7 * DAY, ("visit", ana))
    again = {"reentry": {"policy": "EVERY_TIME"}, "triggers": [trigger_of("visited", activity={"kind": "visit"})]}
    found, nodes = await played(scope, await asking(scope, in_segment(chosen), 0, **again))
    assert nodes["ask"] == (5, 0, {"yes": 1, "no": 4})
    assert (found["fidelity"], found["nodeFidelity"]) == ("EXACT", "EXACT")
    entering = again | {"entryRule": in_segment(chosen)}
    found, _ = await played(scope, await asking(scope, tagged("x"), 0, **entering))
    assert (found["wouldEnter"], found["turnedAway"]) == (1, {"ENTRY_RULE": 4})
    assert (found["fidelity"], found["nodeFidelity"]) == ("EXACT", "AS_OF_NOW"), "nobody knows the tags of before"
