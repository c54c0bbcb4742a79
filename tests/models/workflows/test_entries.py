"""Who is let in, how often, and what is said about those who are not."""

import asyncio
from contextvars import Context
from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.delete import delete_contacts
from models.identity.merge import merge_contacts
from models.membership import batches as segment_batches
from models.membership import manual_changes
from models.membership.origins import Origin
from models.workflows import wakes
from tests.kit.segments import dynamic_segment, new_contacts, static_segment
from tests.kit.workflows import (
    assert_figures_add_up,
    ends_of,
    entered,
    graph,
    inside,
    moved,
    node,
    running,
    set_status,
    steps_of,
    turned_away,
)
from tests.kit.workspaces import new_workspace

END = node("end", end={})
A_WEEK = node("week", wait={"for": "P7D", "next": "end"})
BOUGHT = {"key": "bought", "on": {"activity": {"kind": "purchase"}}}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def enter(scope, segment, *ids):
    await manual_changes.change_members(scope, segment.id, add=ids, origin=Origin.MANUAL)
    await moved(scope)


async def leave(scope, segment, *ids):
    await manual_changes.change_members(scope, segment.id, remove=ids, origin=Origin.MANUAL)
    await moved(scope)


async def buy(scope, contact_id, **properties):
    await activities.record(scope, [NewActivity("purchase", contact_id, properties=properties)])
    await moved(scope)


def at(moment):
    clock.set_source(lambda: moment)


async def test_who_buys_enters_however_soon_after_the_activation(database):
    """A batch of the engine of segments that began before the activation, and reads what happened after it, knows of both."""
    scope = await new_workspace()
    (one,) = await new_contacts(scope, 1)
    ids = []

    async def activate_and_buy():
        ids.append(await running(scope, graph([BOUGHT], [A_WEEK, END])))
        await activities.record(scope, [NewActivity("purchase", one)])

    async def meanwhile():
        await asyncio.create_task(activate_and_buy(), context=Context())

    await segment_batches.process_batch(scope.workspace_id, 100, meanwhile)
    await moved(scope)
    assert await inside(scope, ids[0]) == [(one, "week", "WAITING")]


async def test_once_means_once_whatever_happens_again(database):
    scope = await new_workspace()
    chosen = await static_segment(scope)
    workflow_id = await running(scope, graph([entered(chosen)], [END]))
    (one,) = await new_contacts(scope, 1)
    await enter(scope, chosen, one)
    await leave(scope, chosen, one)
    await enter(scope, chosen, one)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]
    assert await turned_away(scope, workflow_id) == {one: "ONCE"}
    await assert_figures_add_up(scope)


async def test_what_happened_before_a_workflow_ran_lets_nobody_in(database):
    scope = await new_workspace()
    chosen = await static_segment(scope)
    early, late = await new_contacts(scope, 2)
    others = await running(scope, graph([entered(chosen), BOUGHT], [END]))
    await manual_changes.change_members(scope, chosen.id, add=[early], origin=Origin.MANUAL)
    await activities.record(scope, [NewActivity("purchase", early)])
    workflow_id = await running(scope, graph([entered(chosen), BOUGHT], [END]))
    await enter(scope, chosen, late)
    assert [who for who, _ in await ends_of(scope, others)] == [early, late]
    assert [who for who, _ in await ends_of(scope, workflow_id)] == [late]


async def test_every_purchase_lets_in_though_several_come_at_once(database):
    scope = await new_workspace()
    workflow_id = await running(scope, graph([BOUGHT], [END], reentry={"policy": "EVERY_TIME"}))
    (one,) = await new_contacts(scope, 1)
    await activities.record(scope, [NewActivity("purchase", one)] * 3)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")] * 3


async def test_who_is_inside_is_turned_away_and_may_come_back_after_leaving(database):
    scope = await new_workspace()
    at(NOON)
    workflow_id = await running(scope, graph([BOUGHT], [A_WEEK, END], reentry={"policy": "AFTER_LEAVING"}))
    (one,) = await new_contacts(scope, 1)
    await buy(scope, one)
    await buy(scope, one)
    assert await inside(scope, workflow_id) == [(one, "week", "WAITING")]
    assert await turned_away(scope, workflow_id) == {one: "INSIDE"}
    at(NOON + timedelta(days=8))
    await moved(scope)
    await buy(scope, one)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]
    assert await inside(scope, workflow_id) == [(one, "week", "WAITING")]
    await assert_figures_add_up(scope)


async def test_a_key_allows_one_enrollment_for_each_of_its_values(database):
    scope = await new_workspace()
    reentry = {"policy": "EVERY_TIME", "key": "order", "maxPerContact": 3}
    workflow_id = await running(scope, graph([BOUGHT], [A_WEEK, END], reentry=reentry))
    (one,) = await new_contacts(scope, 1)
    for order in ("a", "b", "a", "c"):
        await buy(scope, one, order=order)
    keys = await db.fetch("SELECT entry_key FROM enrollments ORDER BY id")
    assert [row["entry_key"] for row in keys] == ["a", "b", "c"]
    assert await turned_away(scope, workflow_id) == {one: "INSIDE"}
    await buy(scope, one, order="d")
    assert await turned_away(scope, workflow_id) == {one: "MAX_PER_CONTACT"}


async def test_a_cooldown_counts_from_the_last_entry(database):
    scope = await new_workspace()
    at(NOON)
    workflow_id = await running(scope, graph([BOUGHT], [END], reentry={"policy": "EVERY_TIME", "cooldown": "P1D"}))
    (one,) = await new_contacts(scope, 1)
    for hours, reason in ((0, None), (23, "COOLDOWN"), (24, "COOLDOWN"), (47, "COOLDOWN"), (48, "COOLDOWN")):
        at(NOON + timedelta(hours=hours))
        await buy(scope, one)
        assert (await turned_away(scope, workflow_id)).get(one) == reason
    assert len(await ends_of(scope, workflow_id)) == 3, "at 0, 24 and 48 hours"


async def test_a_filter_an_entry_rule_and_testers_narrow_who_may_enter(database):
    scope = await new_workspace()
    testers = await static_segment(scope, name="Testers")
    big = {"property": "amount", "operator": "GTE", "value": 100}
    trigger = {"key": "bought", "on": {"activity": {"kind": "purchase", "where": [big]}}}
    rule = {"field": {"field": "score", "operator": "GTE", "value": 10}}
    workflow_id = await running(
        scope, graph([trigger], [END], entryRule=rule, reentry={"policy": "EVERY_TIME"}), test_segment=testers.id
    )
    (right,), (poor, stranger) = await new_contacts(scope, 1, score=10), await new_contacts(scope, 2)
    await manual_changes.change_members(scope, testers.id, add=[right, poor], origin=Origin.MANUAL)
    for one in (right, poor, stranger):
        await buy(scope, one, amount=99)
        await buy(scope, one, amount=100)
    assert await ends_of(scope, workflow_id) == [(right, "REACHED_END")]
    assert await turned_away(scope, workflow_id) == {poor: "ENTRY_RULE", stranger: "NOT_A_TESTER"}


TRIGGERS = {
    "contactCreated": (True, 1),
    "fieldChanged": (["score", "attributes.city"], 1),
    "tagAdded": ("VIP", 1),
    "tagRemoved": ("vip", 1),
    "segmentLeft": (None, 1),
}


@pytest.mark.parametrize("event", TRIGGERS)
async def test_each_trigger_lets_in_at_what_it_names(database, event):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    value, times = TRIGGERS[event]
    trigger = {"key": "it", "on": {event: vips.id if value is None else value}}
    workflow_id = await running(scope, graph([trigger], [END], reentry={"policy": "EVERY_TIME"}))
    (one,) = await new_contacts(scope, 1, score=1)
    await moved(scope)
    await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = $1", one)
    await moved(scope)
    await db.execute("UPDATE contacts SET score = 7, name = 'Ana' WHERE id = $1", one)
    await db.execute("UPDATE contacts SET name = 'Eva' WHERE id = $1", one)
    await moved(scope)
    await db.execute("UPDATE contacts SET tags = '{}' WHERE id = $1", one)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")] * times


async def test_a_deleted_contact_leaves_at_once_and_the_figures_stay(database):
    scope = await new_workspace()
    workflow_id = await running(scope, graph([BOUGHT], [A_WEEK, END]))
    one, other = await new_contacts(scope, 2)
    await buy(scope, one)
    await buy(scope, other)
    await delete_contacts(scope, [one])
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(one, "CONTACT_DELETED")]
    assert await inside(scope, workflow_id) == [(other, "week", "WAITING")]
    assert await steps_of(scope, one) == [("week", "waits"), ("week", "CONTACT_DELETED")]
    await assert_figures_add_up(scope)


async def test_a_contact_that_is_deleted_before_it_is_let_in_stays_out(database):
    scope = await new_workspace()
    chosen = await static_segment(scope)
    workflow_id = await running(scope, graph([entered(chosen)], [A_WEEK, END]))
    (one,) = await new_contacts(scope, 1)
    await manual_changes.change_members(scope, chosen.id, add=[one], origin=Origin.MANUAL)
    await delete_contacts(scope, [one])
    await moved(scope)
    assert await inside(scope, workflow_id) == [] == await ends_of(scope, workflow_id)


async def test_a_pause_holds_all_and_loses_none(database):
    scope = await new_workspace()
    at(NOON)
    nodes = [A_WEEK, node("more", wait={"for": "P1D", "next": "end"}), END]
    nodes[0] = node("week", wait={"for": "P7D", "next": "more"})
    workflow_id = await running(scope, graph([BOUGHT], nodes))
    early, late = await new_contacts(scope, 2)
    await buy(scope, early)
    await set_status(scope, workflow_id, "PAUSED")
    at(NOON + timedelta(days=8))
    await buy(scope, late)
    assert await inside(scope, workflow_id) == [(early, "week", "HELD"), (late, "week", "HELD")]
    await set_status(scope, workflow_id, "ACTIVE")
    await resume(scope, workflow_id)
    assert await inside(scope, workflow_id) == [(early, "more", "WAITING"), (late, "week", "WAITING")]
    await set_status(scope, workflow_id, "DRAINING")
    (last,) = await new_contacts(scope, 1)
    await buy(scope, last)
    at(NOON + timedelta(days=18))
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(early, "REACHED_END")]
    at(NOON + timedelta(days=19))
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(early, "REACHED_END"), (late, "REACHED_END")]
    await assert_figures_add_up(scope)


async def resume(scope, workflow_id):
    await wakes.resume(scope.workspace_id, workflow_id, clock.now())
    await moved(scope)


async def test_nobody_stays_longer_than_the_workflow_allows(database):
    scope = await new_workspace()
    at(NOON)
    workflow_id = await running(scope, graph([BOUGHT], [A_WEEK, END], maxStay="P2D"))
    (one,) = await new_contacts(scope, 1)
    await buy(scope, one)
    at(NOON + timedelta(days=2))
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(one, "STAYED_TOO_LONG")]
    await assert_figures_add_up(scope)


async def test_the_control_share_is_the_same_for_a_contact_each_time(database):
    scope = await new_workspace()
    await running(scope, graph([BOUGHT], [END], controlPercent=30, reentry={"policy": "EVERY_TIME"}))
    ids = await new_contacts(scope, 40)
    for _ in range(2):
        await activities.record(scope, [NewActivity("purchase", one) for one in ids])
    await moved(scope)
    rows = await db.fetch("SELECT contact_id, array_agg(DISTINCT control) AS said FROM enrollments_ended GROUP BY 1")
    assert all(len(row["said"]) == 1 for row in rows)
    control = sum(row["said"] == [True] for row in rows)
    assert 4 <= control <= 20
    counted = await db.fetch_value("SELECT count FROM workflow_counts WHERE what = 'control_entered'")
    assert counted == 2 * control


async def test_a_merged_contact_goes_on_once_as_the_one_that_was_kept(database):
    scope = await new_workspace()
    workflow_id = await running(scope, graph([BOUGHT], [A_WEEK, END]))
    one, two, alone = await new_contacts(scope, 3)
    await buy(scope, one)
    await buy(scope, two)
    await merge_contacts(scope, alone, two, {})
    await moved(scope)
    assert await inside(scope, workflow_id) == [(one, "week", "WAITING"), (alone, "week", "WAITING")]
    await merge_contacts(scope, alone, one, {})
    await moved(scope)
    assert await inside(scope, workflow_id) == [(alone, "week", "WAITING")]
    assert await ends_of(scope, workflow_id) == [(one, "REMOVED")]
    assert await db.fetch_value("SELECT times FROM workflow_entries WHERE contact_id = $1", alone) == 2
    await buy(scope, alone)
    assert await turned_away(scope, workflow_id) == {alone: "INSIDE"}
    await assert_figures_add_up(scope)
