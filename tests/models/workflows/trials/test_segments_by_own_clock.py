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


WAITS = node_of("ask", "waitFor", rule=LONG_SUBSCRIBED, timeout="P9D", next="end", timedOut="end")


async def test_what_follows_real_time_in_a_test_run_is_said(scope):
    (ana,) = await new_contacts(scope, 1)
    asks = node("ask", condition={"rule": tagged("x"), "yes": "end", "no": "end"})
    for name, nodes, more in (
        ("EXACT", [asks], {}),
        ("AS_OF_NOW", [WAITS], {}),
        ("AS_OF_NOW", [asks], {"exits": [{"rule": LONG_SUBSCRIBED}]}),
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
