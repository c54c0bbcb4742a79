"""Contacts that are merged while workflows know them: inside, ended, kept in a segment, about to be moved by a publish."""

from collections.abc import Iterator

import pytest

from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.selections import ContactSelection
from models.identity.merge import merge_contacts
from models.workflows.lifecycle import contacts
from models.workflows.publishing import publish as publishing
from models.workflows.states import EnrolledContactsPolicy
from permissions.principal import Scope
from tests.kit.segments import members_of, new_contacts, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, trigger_of, wait_of
from tests.kit.workflow_runs import Clock, activated, finished, published, standing_clock
from tests.kit.workflows import assert_figures_add_up, ends_of, inside, moved, steps_of, turned_away
from tests.kit.workspaces import new_workspace

BOUGHT = trigger_of("bought", activity={"kind": "purchase"})
AFTER_LEAVING = {"policy": "AFTER_LEAVING"}


@pytest.fixture
def time() -> Iterator[Clock]:
    with standing_clock() as clock:
        yield clock


async def buy(scope: Scope, contact_id: int) -> None:
    await activities.record(scope, [NewActivity("purchase", contact_id)])


async def add(scope: Scope, workflow_id: int, *contact_ids: int) -> int:
    added = await contacts.add(scope, workflow_id, ContactSelection(ids=contact_ids))
    await moved(scope)
    return added.changed


async def test_who_had_been_inside_does_not_enter_once_more_as_the_contact_that_was_kept(
    database: str, time: Clock
) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(end_of(), triggers=[BOUGHT]))
    kept, merged = await new_contacts(scope, 2)
    await buy(scope, merged)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(merged, "REACHED_END")]
    await merge_contacts(scope, kept, merged, {})
    await moved(scope)
    await buy(scope, kept)
    await moved(scope)
    assert await turned_away(scope, workflow_id) == {kept: "ONCE"}


async def test_how_often_a_node_was_passed_is_counted_on(database: str, time: Clock) -> None:
    scope = await new_workspace()
    once = node_of("once", "activityRecord", kind="once", next="end") | {"limit": {"perContact": 1}}
    workflow_id = await activated(scope, graph_of(once, end_of(), reentry=AFTER_LEAVING))
    kept, merged = await new_contacts(scope, 2)
    await add(scope, workflow_id, merged)
    await merge_contacts(scope, kept, merged, {})
    await moved(scope)
    await add(scope, workflow_id, kept)
    assert await steps_of(scope, kept) == [("once", "limited")]


async def test_the_contact_that_was_kept_is_taken_out_of_the_segment_at_its_time(database: str, time: Clock) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    keep = node_of("keep", "segmentKeep", segmentId=chosen.id, for_="P1D", next="end")
    workflow_id = await activated(scope, graph_of(keep, end_of()))
    kept, merged = await new_contacts(scope, 2)
    await add(scope, workflow_id, merged)
    await merge_contacts(scope, kept, merged, {})
    await moved(scope)
    assert await members_of(scope, chosen) == {kept}
    time.wait(days=1)
    await moved(scope)
    assert await members_of(scope, chosen) == set()


async def test_one_whose_node_was_deleted_goes_on_though_the_publish_has_not_come_to_it(
    database: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "AT_ONCE", 0)
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P7D", "end"), end_of()))
    kept, merged = await new_contacts(scope, 2)
    await add(scope, workflow_id, merged)
    after = graph_of(wait_of("other", "P1D", "end"), end_of())
    _, _, job = await published(scope, workflow_id, after, moves={"wait": "other"})
    await merge_contacts(scope, kept, merged, {})
    await moved(scope)
    assert job is not None
    await finished(scope, job)
    assert await inside(scope, workflow_id) == [(kept, "other", "WAITING")]
    time.wait(days=1)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(kept, "REACHED_END")]
    await assert_figures_add_up(scope)


async def test_one_that_a_publish_put_out_may_enter_again_as_the_contact_that_was_kept(
    database: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "AT_ONCE", 0)
    scope = await new_workspace()
    waiting = graph_of(wait_of("wait", "P7D", "end"), end_of(), reentry=AFTER_LEAVING)
    workflow_id = await activated(scope, waiting)
    kept, merged = await new_contacts(scope, 2)
    await add(scope, workflow_id, merged)
    _, _, job = await published(scope, workflow_id, waiting, EnrolledContactsPolicy.EXIT)
    await merge_contacts(scope, kept, merged, {})
    await moved(scope)
    assert job is not None
    await finished(scope, job)
    assert await inside(scope, workflow_id) == []
    assert await add(scope, workflow_id, kept) == 1
    await assert_figures_add_up(scope)


async def test_what_it_did_just_before_it_was_merged_counts(database: str, time: Clock) -> None:
    scope = await new_workspace()
    wait = node_of(
        "wait", "waitFor", any=[{"activity": {"kind": "purchase"}}], timeout="P1D", next="end", timedOut="late"
    )
    workflow_id = await activated(scope, graph_of(wait, end_of(), end_of("late", "late")))
    kept, merged = await new_contacts(scope, 2)
    await add(scope, workflow_id, merged)
    await buy(scope, merged)
    await merge_contacts(scope, kept, merged, {})
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(kept, "REACHED_END")]


async def test_two_merges_in_a_row_are_followed_to_the_last_contact(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P1D", "end"), end_of()))
    last, between, first = await new_contacts(scope, 3)
    await add(scope, workflow_id, first)
    await merge_contacts(scope, between, first, {})
    await merge_contacts(scope, last, between, {})
    await moved(scope)
    assert await inside(scope, workflow_id) == [(last, "wait", "WAITING")]


async def test_what_lets_in_just_before_a_merge_lets_in_the_contact_that_was_kept(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(end_of(), triggers=[BOUGHT]))
    kept, merged = await new_contacts(scope, 2)
    await buy(scope, merged)
    await merge_contacts(scope, kept, merged, {})
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(kept, "REACHED_END")]
