"""Those who wait: for a moment, for something to happen, for a rule; and what leads out meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import clock, db
from models.membership import manual_changes
from models.membership.origins import Origin
from models.segments import workspace_settings
from tests.kit.segments import members_of, new_contacts, static_segment
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
)
from tests.kit.workspaces import new_workspace

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""A Monday; 13:00 in Madrid."""

END = node("end", end={"outcome": "done"})
LATE = node("late", end={"outcome": "late"})
PURCHASE = {"activity": {"kind": "purchase"}}


def at(**later: float) -> datetime:
    moment = NOON + timedelta(**later)
    clock.set_source(lambda: moment)
    return moment


@pytest.fixture
async def scope(database: str):
    at()
    return await new_workspace()


async def starting(scope: Any, *nodes: dict, **more: Any) -> tuple[int, Any]:
    """A workflow that members of a segment enter, and the segment."""
    segment = await static_segment(scope, name="Start")
    return await running(scope, graph([entered(segment)], [*nodes, END, LATE], **more)), segment


async def put_into(scope: Any, segment: Any, *ids: int) -> None:
    await manual_changes.change_members(scope, segment.id, add=ids, origin=Origin.MANUAL)
    await moved(scope)


async def wakes_at(contact_id: int) -> datetime | None:
    moment: datetime | None = await db.fetch_value("SELECT wake_at FROM enrollments WHERE contact_id = $1", contact_id)
    return moment


async def does(scope: Any, contact_id: int, kind: str = "purchase", **properties: Any) -> None:
    await record(scope, contact_id, kind, **properties)
    await moved(scope)


async def record(scope: Any, contact_id: int, kind: str = "purchase", **properties: Any) -> None:
    await db.execute(
        "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties) VALUES ($1, $2, $3, $4, $5)",
        scope.workspace_id,
        contact_id,
        kind,
        clock.now(),
        db.dump_json(properties),
    )


async def outcomes(scope: Any, contact_id: int) -> list[str]:
    """What it did, without that it waited or was held."""
    steps = await steps_of(scope, contact_id)
    return [f"{key}.{outcome}" for key, outcome in steps if outcome not in ("waits", "held")]


# ---------------------------------------------------------------- WAIT_UNTIL


def until(**more: Any) -> dict:
    return node("until", waitUntil={"next": "end", **more})


async def test_until_ten_o_clock_in_the_contact_s_zone_and_when_it_moves_in_its_new_one(scope):
    _, start = await starting(scope, until(time="10:00", weekdays=[1, 2, 3, 4, 5]), zone="CONTACT")
    (tokyo,) = await new_contacts(scope, 1, timezone="Asia/Tokyo")
    (here,) = await new_contacts(scope, 1)
    await put_into(scope, start, tokyo, here)
    assert await wakes_at(tokyo) == datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert await wakes_at(here) == datetime(2026, 11, 24, 9, tzinfo=UTC), "in the workspace's zone"
    await db.execute("UPDATE contacts SET timezone = 'America/New_York' WHERE id = $1", tokyo)
    await moved(scope)
    assert await wakes_at(tokyo) == datetime(2026, 11, 23, 15, tzinfo=UTC)
    await workspace_settings.update(scope, {"timezone": "Europe/London"})
    await moved(scope)
    assert await wakes_at(here) == datetime(2026, 11, 24, 10, tzinfo=UTC)
    at(hours=3)
    await moved(scope)
    assert await outcomes(scope, tokyo) == ["until.next", "end.done"]
    assert await outcomes(scope, here) == []


async def test_three_days_after_a_date_of_the_contact_that_changes_while_it_waits(scope):
    _, start = await starting(scope, until(field="subscribed_at", offset="P3D"))
    (contact_id,) = await new_contacts(scope, 1, subscribed_at=NOON)
    await put_into(scope, start, contact_id)
    assert await wakes_at(contact_id) == NOON + timedelta(days=3)
    await db.execute("UPDATE contacts SET subscribed_at = $2 WHERE id = $1", contact_id, NOON + timedelta(days=1))
    await moved(scope)
    assert await wakes_at(contact_id) == NOON + timedelta(days=4)
    at(days=4)
    await moved(scope)
    assert await outcomes(scope, contact_id) == ["until.next", "end.done"]


@pytest.mark.parametrize(
    ("late", "went"),
    [("PROCEED", ["until.next", "end.done"]), ("SKIP", ["until.skip", "late.late"]), ("END", ["until.late"])],
)
async def test_who_comes_when_it_is_over(scope, late, went):
    _, start = await starting(scope, until(at="2026-11-20T10:00:00Z", late=late, skip="late"))
    (contact_id,) = await new_contacts(scope, 1)
    await put_into(scope, start, contact_id)
    assert await outcomes(scope, contact_id) == went
    await assert_figures_add_up(scope)


async def test_without_a_value_there_is_nothing_to_wait_for(scope):
    _, start = await starting(scope, until(field="subscribed_at", skip="late"))
    (contact_id,) = await new_contacts(scope, 1)
    await put_into(scope, start, contact_id)
    assert await outcomes(scope, contact_id) == ["until.skip", "late.late"]


# ---------------------------------------------------------------- WAIT_FOR


def wait_for(*events: dict, key: str = "wait", next_: str = "end", **more: Any) -> dict:
    return node(key, waitFor={"any": list(events), "timeout": "PT1H", "next": next_, "timedOut": "late", **more})


async def test_what_happens_ends_the_wait_and_nothing_times_it_out(scope):
    _, start = await starting(scope, wait_for({"activity": {"kind": "purchase", "where": [GREAT]}}))
    buyer, waiter = await new_contacts(scope, 2)
    await put_into(scope, start, buyer, waiter)
    await does(scope, buyer, amount=3)
    await does(scope, buyer, "product.visit", amount=90)
    assert await outcomes(scope, buyer) == []
    await does(scope, buyer, amount=60)
    assert await outcomes(scope, buyer) == ["wait.next", "end.done"]
    at(hours=1)
    await moved(scope)
    assert await outcomes(scope, waiter) == ["wait.timedOut", "late.late"]
    await assert_figures_add_up(scope)


GREAT = {"property": "amount", "operator": "GTE", "value": 50}


@pytest.mark.parametrize("look_back", [True, False])
async def test_what_came_before_the_wait_counts_if_it_looks_back_and_only_once(scope, look_back):
    pause = node("pause", wait={"for": "PT5M", "next": "wait"})
    again = wait_for(PURCHASE, key="again")
    _, start = await starting(scope, pause, wait_for(PURCHASE, next_="again", lookBack=look_back), again)
    (contact_id,) = await new_contacts(scope, 1)
    await put_into(scope, start, contact_id)
    await does(scope, contact_id)
    at(minutes=5)
    await moved(scope)
    if look_back:
        assert await outcomes(scope, contact_id) == ["pause.next", "wait.next", "again.next", "end.done"]
    else:
        await does(scope, contact_id)
        assert await outcomes(scope, contact_id) == ["pause.next", "wait.next", "again.next", "end.done"]
    assert not await db.fetch("SELECT 1 FROM workflow_occurrences")


async def test_all_that_happens_within_one_batch_counts_in_its_order(scope):
    tags = [{"tagAdded": "a"}, {"tagAdded": "b"}]
    first = wait_for(tags[0], key="first", next_="second")
    _, start = await starting(scope, first, wait_for(tags[1], key="second", lookBack=False))
    right, wrong = await new_contacts(scope, 2)
    await put_into(scope, start, right, wrong)
    for contact_id, order in ((right, ("a", "b")), (wrong, ("b", "a"))):
        for number in (1, 2):
            await db.execute("UPDATE contacts SET tags = $2 WHERE id = $1", contact_id, list(order[:number]))
    await moved(scope)
    assert await outcomes(scope, right) == ["first.next", "second.next", "end.done"]
    assert await outcomes(scope, wrong) == ["first.next"]


async def test_a_rule_that_a_change_or_time_alone_makes_true(scope):
    vip = {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}
    old = {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "PT30M"}}
    workflow_id, start = await starting(scope, wait_for(rule={"any": [vip, old]}))
    tagged, quiet, busy = await new_contacts(scope, 3, last_interaction_at=NOON)
    await db.execute("UPDATE contacts SET last_interaction_at = NULL WHERE id = $1", tagged)
    await put_into(scope, start, tagged, quiet, busy)
    await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = $1", tagged)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(tagged, "REACHED_END")]
    due_at = await db.fetch_value("SELECT due_at FROM workflow_engines")
    assert NOON < due_at <= NOON + timedelta(minutes=30), "it is looked at again before it becomes true"
    await db.execute("UPDATE contacts SET last_interaction_at = $2 WHERE id = $1", busy, NOON + timedelta(minutes=20))
    at(minutes=30)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(tagged, "REACHED_END")], "it is 30 minutes, and not more"
    at(minutes=30, seconds=1)
    await moved(scope)
    assert [contact_id for contact_id, _ in await ends_of(scope, workflow_id)] == [tagged, quiet]


async def test_a_pause_loses_nothing_that_happens(scope):
    workflow_id, start = await starting(scope, wait_for(PURCHASE, lookBack=False))
    (contact_id,) = await new_contacts(scope, 1)
    await put_into(scope, start, contact_id)
    await set_status(scope, workflow_id, "PAUSED")
    await does(scope, contact_id)
    assert await inside(scope, workflow_id) == [(contact_id, "wait", "HELD")]
    await set_status(scope, workflow_id, "ACTIVE")
    await db.execute("UPDATE enrollments SET wake_at = $1", clock.now())
    await moved(scope)
    assert await outcomes(scope, contact_id) == ["wait.next", "end.done"]


# ---------------------------------------------------------------- goal and exits


async def test_an_exit_and_a_goal_end_a_wait(scope):
    workflow_id, start = await starting(
        scope,
        node("wait", wait={"for": "P1D", "next": "end"}),
        goal={"event": PURCHASE, "within": "PT2H"},
        exits=[{"event": {"tagAdded": "left"}}, {"rule": {"field": SCORE}}, {"leavesTrigger": True}],
    )
    buyer, late, tagged, high, gone = await new_contacts(scope, 5)
    await put_into(scope, start, buyer, late, tagged, high, gone)
    await does(scope, buyer)
    await db.execute("UPDATE contacts SET tags = '{left}' WHERE id = $1", tagged)
    await db.execute("UPDATE contacts SET score = 50 WHERE id = $1", high)
    await manual_changes.change_members(scope, start.id, remove=[gone], origin=Origin.MANUAL)
    await moved(scope)
    at(hours=3)
    await does(scope, late)
    ends = dict(await ends_of(scope, workflow_id))
    assert ends == {buyer: "GOAL", tagged: "EXIT_RULE", high: "EXIT_RULE", gone: "LEFT_SEGMENT"}
    assert await db.fetch_value("SELECT sum(count) FROM workflow_counts WHERE what = 'goal'") == 1
    await assert_figures_add_up(scope)


SCORE = {"field": "score", "operator": "GTE", "value": 50}


async def test_who_fulfils_an_exit_at_entry_goes_no_step_and_a_goal_may_let_go_on(scope):
    kept = await static_segment(scope, name="Kept")
    workflow_id, start = await starting(
        scope,
        node("add", segmentAdd={"segmentId": kept.id, "next": "wait"}),
        node("wait", wait={"for": "P1D", "next": "end"}),
        goal={"event": PURCHASE, "continueAfter": True},
        exits=[{"rule": {"field": SCORE}}],
    )
    (high,) = await new_contacts(scope, 1, score=60)
    (low,) = await new_contacts(scope, 1)
    await put_into(scope, start, high, low)
    assert await members_of(scope, kept) == {low}
    await does(scope, low)
    await does(scope, low)
    assert await ends_of(scope, workflow_id) == [(high, "EXIT_RULE")]
    assert await db.fetch_value("SELECT sum(count) FROM workflow_counts WHERE what = 'goal'") == 1


async def test_time_alone_leads_out(scope):
    old = {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "PT10M"}}
    workflow_id, start = await starting(scope, node("wait", wait={"for": "P1D", "next": "end"}), exits=[{"rule": old}])
    (contact_id,) = await new_contacts(scope, 1, last_interaction_at=NOON)
    await put_into(scope, start, contact_id)
    at(minutes=9)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == []
    at(minutes=11)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(contact_id, "EXIT_RULE")]


async def test_the_change_that_lets_in_does_not_lead_out(scope):
    becomes = [{"key": "becomes", "on": {"tagAdded": "customer"}}]
    wait = node("wait", wait={"for": "P1D", "next": "end"})
    workflow_id = await running(scope, graph(becomes, [wait, END], exits=[{"event": {"tagRemoved": "lead"}}]))
    at_once, again = await new_contacts(scope, 2, tags=["lead"])
    await moved(scope)
    await db.execute("UPDATE contacts SET tags = '{customer}' WHERE id = ANY ($1)", [at_once, again])
    await db.execute("UPDATE contacts SET tags = '{customer, lead}' WHERE id = $1", again)
    await moved(scope)
    assert await inside(scope, workflow_id) == [(at_once, "wait", "WAITING"), (again, "wait", "WAITING")]
    await db.execute("UPDATE contacts SET tags = '{customer}' WHERE id = $1", again)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(again, "EXIT_RULE")]


# ---------------------------------------------------------------- SEGMENT_KEEP


async def test_who_is_kept_is_taken_out_whatever_became_of_the_workflow(scope):
    kept = await static_segment(scope, name="Kept")
    keep = node("keep", segmentKeep={"segmentId": kept.id, "for": "PT20M", "next": "end"})
    workflow_id, start = await starting(scope, keep, reentry={"policy": "EVERY_TIME"})
    once, twice = await new_contacts(scope, 2)
    await put_into(scope, start, once, twice)
    assert await members_of(scope, kept) == {once, twice}
    at(minutes=15)
    await manual_changes.change_members(scope, start.id, remove=[twice], origin=Origin.MANUAL)
    await put_into(scope, start, twice)
    await set_status(scope, workflow_id, "PAUSED")
    at(minutes=20)
    await moved(scope)
    assert await members_of(scope, kept) == {twice}, "whose return has renewed it"
    assert await db.fetch_value("SELECT due_at FROM workflow_engines") == NOON + timedelta(minutes=35)
    at(minutes=35)
    await moved(scope)
    assert await members_of(scope, kept) == set()
