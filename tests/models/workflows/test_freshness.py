"""No rule is asked about a segment that does not include yet what led to the question."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from models import db
from models.contacts.selections import ContactSelection
from models.membership import manual_changes
from models.membership.origins import Origin
from models.workflows import batches
from models.workflows.lifecycle import contacts
from permissions.principal import Scope
from tests.kit.engine import settled
from tests.kit.segments import dynamic_segment, in_segment, new_contacts, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, trigger_of
from tests.kit.workflow_runs import Clock, activated, standing_clock
from tests.kit.workflows import assert_figures_add_up, ends_of, moved, steps_of, turned_away
from tests.kit.workspaces import new_workspace

SILENT = {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "PT1H"}}


@pytest.fixture
def time() -> Iterator[Clock]:
    with standing_clock() as clock:
        yield clock


async def put_into(scope: Scope, segment: Any, contact_id: int) -> None:
    """The engine of workflows hears of it before that of segments."""
    await manual_changes.change_members(scope, segment.id, add=[contact_id], origin=Origin.MANUAL)
    await batches.process_batch(scope.workspace_id)
    await moved(scope)


async def add(scope: Scope, workflow_id: int, contact_id: int) -> None:
    await contacts.add(scope, workflow_id, ContactSelection(ids=(contact_id,)))
    await moved(scope)


def asked(segment: Any) -> dict[str, Any]:
    return node_of("ask", "condition", rule=in_segment(segment), yes="end", no="end")


async def test_the_entry_rule_waits_for_segments_that_follow_from_the_one_that_was_entered(
    database: str, time: Clock
) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    follows = await dynamic_segment(scope, in_segment(chosen))
    trigger = trigger_of("in", segmentEntered=chosen.id)
    workflow_id = await activated(scope, graph_of(end_of(), triggers=[trigger], entryRule=in_segment(follows)))
    (one,) = await new_contacts(scope, 1)
    await settled(scope)
    await put_into(scope, chosen, one)
    assert await turned_away(scope, workflow_id) == {}
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]
    await assert_figures_add_up(scope)


async def test_the_entry_rule_waits_for_what_the_workflow_before_has_changed(database: str, time: Clock) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    follows = await dynamic_segment(scope, in_segment(chosen))
    second = await activated(scope, graph_of(end_of(), entryRule=in_segment(follows)), name="Second")
    change = node_of("add", "segmentAdd", segmentId=chosen.id, next="enroll")
    first = await activated(
        scope, graph_of(change, node_of("enroll", "enroll", workflowId=second, next="end"), end_of())
    )
    (one,) = await new_contacts(scope, 1)
    await add(scope, first, one)
    assert await turned_away(scope, second) == {}
    assert await ends_of(scope, second) == [(one, "REACHED_END")]
    await assert_figures_add_up(scope)


async def test_one_that_is_added_just_after_it_changed_is_judged_by_the_change(database: str, time: Clock) -> None:
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    workflow_id = await activated(scope, graph_of(asked(vips), end_of(), entryRule=in_segment(vips)))
    (one,) = await new_contacts(scope, 1)
    await settled(scope)
    await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = $1", one)
    await add(scope, workflow_id, one)
    assert await steps_of(scope, one) == [("ask", "yes"), ("end", "done")]


async def test_after_a_wait_for_a_segment_those_that_follow_from_it_are_right(database: str, time: Clock) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    follows = await dynamic_segment(scope, in_segment(chosen))
    wait = node_of("wait", "waitFor", any=[{"segmentEntered": chosen.id}], timeout="P1D", next="ask", timedOut="end")
    workflow_id = await activated(scope, graph_of(wait, asked(follows), end_of()))
    (one,) = await new_contacts(scope, 1)
    await add(scope, workflow_id, one)
    await put_into(scope, chosen, one)
    assert (await steps_of(scope, one))[1:] == [("wait", "next"), ("ask", "yes"), ("end", "done")]


async def test_a_schedule_lets_in_those_who_are_members_at_its_moment(database: str, time: Clock) -> None:
    scope = await new_workspace()
    silent = await dynamic_segment(scope, SILENT)
    at_noon = {"rrule": "FREQ=DAILY;BYHOUR=12;BYMINUTE=0", "segmentId": silent.id}
    workflow_id = await activated(scope, graph_of(end_of(), triggers=[trigger_of("noon", schedule=at_noon)]))
    (one,) = await new_contacts(scope, 1, last_interaction_at=time.now + timedelta(minutes=59))
    await moved(scope)
    time.wait(hours=2, seconds=1)
    await batches.process_batch(scope.workspace_id)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]


async def test_who_comes_by_a_date_meets_segments_as_they_are_then(database: str, time: Clock) -> None:
    scope = await new_workspace()
    silent = await dynamic_segment(scope, SILENT)
    (one,) = await new_contacts(scope, 1, last_interaction_at=time.now)
    date = trigger_of("date", date={"field": "last_interaction_at", "offset": "PT2H"})
    await activated(scope, graph_of(asked(silent), end_of(), triggers=[date], entryRule=in_segment(silent)))
    await moved(scope)
    time.wait(hours=2, seconds=1)
    await batches.process_batch(scope.workspace_id)
    await moved(scope)
    assert await steps_of(scope, one) == [("ask", "yes"), ("end", "done")]
