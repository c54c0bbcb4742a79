"""Test runs: the engine moves real contacts on a clock of its own, hears what really happens to them, and counts nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.contacts.activities import NewActivity, record
from models.errors import Invalid, NotAllowedInState, NotFound
from models.workflows.trials import runs
from tests.kit.segments import members_of, new_contacts, static_segment
from tests.kit.workflows import (
    assert_figures_add_up,
    ends_of,
    graph,
    inside,
    moved,
    node,
    running,
    set_status,
    steps_of,
)
from tests.kit.workspaces import new_workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def scope(database):
    clock.set_source(lambda: NOON)
    return await new_workspace()


@pytest.fixture
async def kept(scope):
    return await static_segment(scope, name="Kept")


@pytest.fixture
async def workflow(scope, kept):
    """Wait a day, keep two days, then wait up to five days for a purchase; else a tag."""
    nodes = [
        node("wait", wait={"for": "P1D", "next": "keep"}),
        node("keep", segmentKeep={"segmentId": kept.id, "for": "P2D", "next": "bought"}),
        node(
            "bought",
            waitFor={"any": [{"activity": {"kind": "purchase"}}], "timeout": "P5D", "next": "end", "timedOut": "tag"},
        ),
        node("tag", tagsChange={"add": ["lost"], "next": "end"}),
        node("end", end={}),
    ]
    return await running(scope, graph([{"key": "visit", "on": {"activity": {"kind": "visit"}}}], nodes))


def seen(state):
    return [(one["contact_id"], one["node_key"], one["state"]) for one in state.enrollments]


async def test_a_test_goes_through_days_at_once_and_counts_nothing(scope, workflow, kept):
    ana, ben = await new_contacts(scope, 2)
    state = await runs.start(scope, workflow, [ana, ben])
    assert (state.clock_at, seen(state)) == (NOON, [(ben, "wait", "WAITING"), (ana, "wait", "WAITING")])
    await moved(scope)
    state = await runs.advance(scope, workflow, NOON + DAY * 2)
    assert seen(state) == [(ben, "bought", "WAITING"), (ana, "bought", "WAITING")]
    assert await members_of(scope, kept) == {ana, ben}
    await record(scope, [NewActivity("purchase", ben)])
    state = await runs.advance(scope, workflow, NOON + DAY * 2)
    assert seen(state) == [(ben, "end", "ENDED"), (ana, "bought", "WAITING")]
    state = await runs.advance(scope, workflow, NOON + DAY * 4)
    assert await members_of(scope, kept) == set()
    state = await runs.advance(scope, workflow, NOON + DAY * 30)
    assert state.clock_at == NOON + DAY * 30
    assert [(one["end"], one["ended_at"]) for one in state.enrollments] == [
        ("REACHED_END", NOON + DAY * 2), ("REACHED_END", NOON + DAY * 6),
    ]  # fmt: skip
    assert await steps_of(scope, ana) == [
        ("wait", "waits"), ("wait", "next"), ("keep", "next"), ("bought", "waits"), ("bought", "timedOut"), ("tag", "next"),
        ("end", "done"),
    ]  # fmt: skip
    assert await db.fetch_value("SELECT bool_and(test) FROM workflow_steps")
    assert await db.fetch("SELECT * FROM workflow_counts") == []
    assert await db.fetch("SELECT * FROM workflow_entries") == []


async def test_a_test_stands_beside_the_real_thing_and_a_new_one_takes_its_place(scope, workflow):
    (ana,) = await new_contacts(scope, 1)
    await runs.start(scope, workflow, [ana])
    await record(scope, [NewActivity("visit", ana)])
    await moved(scope)
    assert await db.fetch_value("SELECT count(*) FROM enrollments") == 2
    state = await runs.start(scope, workflow, [ana], begins_at=NOON - DAY)
    assert (state.clock_at, len(state.enrollments)) == (NOON - DAY, 1)
    assert await db.fetch_value('SELECT "end" FROM enrollments_ended') == "REMOVED"
    clock.set_source(lambda: NOON + DAY)
    await moved(scope)
    assert seen(await runs.advance(scope, workflow, NOON - DAY / 2)) == [(ana, "wait", "WAITING")]
    await assert_figures_add_up(scope)


async def test_a_test_that_ends_keeps_nobody_and_is_forgotten(scope, workflow, kept):
    ana, ben = await new_contacts(scope, 2)
    assert await runs.find(scope, workflow) is None
    state = await runs.start(scope, workflow, [ana, ben], phone="+34600111222")
    assert (state.sends, state.next_at) == (True, NOON + DAY)
    state = await runs.advance(scope, workflow, NOON + DAY * 2)
    assert (await runs.find(scope, workflow), state.next_at) == (state, NOON + DAY * 3)
    assert await members_of(scope, kept) == {ana, ben}
    await runs.end(scope, workflow)
    assert await members_of(scope, kept) == set()
    assert await runs.find(scope, workflow) is None
    assert await db.fetch_value("SELECT count(*) FROM enrollments") == 0
    assert {row["end"] for row in await db.fetch('SELECT "end" FROM enrollments_ended')} == {"REMOVED"}
    for refused in (runs.end(scope, workflow), runs.advance(scope, workflow, NOON + DAY * 3)):
        with pytest.raises(NotAllowedInState, match="has no test run"):
            await refused
    await runs.start(scope, workflow, [ana])
    await runs.advance(scope, workflow, NOON + DAY)
    assert await members_of(scope, kept) == {ana}
    await runs.start(scope, workflow, [ben])
    assert await members_of(scope, kept) == set(), "the test that took its place keeps nobody of the former"


async def test_what_cannot_be_tested_is_refused(scope, workflow):
    (ana,) = await new_contacts(scope, 1)
    with pytest.raises(NotAllowedInState, match="has no test run"):
        await runs.advance(scope, workflow, NOON)
    with pytest.raises(NotFound):
        await runs.start(scope, workflow, [ana, 99])
    with pytest.raises(Invalid, match="a test needs a contact"):
        await runs.start(scope, workflow, [])
    await runs.start(scope, workflow, [ana])
    with pytest.raises(Invalid, match="it only goes forward"):
        await runs.advance(scope, workflow, NOON - DAY)
    with pytest.raises(Invalid, match="at most ten years"):
        await runs.advance(scope, workflow, NOON + 4000 * DAY)
    await set_status(scope, workflow, "ARCHIVED")
    with pytest.raises(NotAllowedInState, match="ARCHIVED"):
        await runs.start(scope, workflow, [ana])


async def test_a_test_has_limits_of_its_own(scope):
    """A node may be passed once by each contact and twice by all: tests neither use that up, nor find it used up."""
    nodes = [
        node("once", tagsChange={"add": ["a"], "next": "wait"})
        | {"limit": {"perContact": 1, "total": 2, "next": "end"}},
        node("wait", wait={"for": "P1D", "next": "once"}),
        node("end", end={}),
    ]
    visit = {"key": "visit", "on": {"activity": {"kind": "visit"}}}
    workflow_id = await running(scope, graph([visit], nodes, reentry={"policy": "EVERY_TIME"}))
    people = await new_contacts(scope, 3)

    async def tried():
        await runs.start(scope, workflow_id, people)
        return seen(await runs.advance(scope, workflow_id, NOON + DAY * 2))

    expected = [(one, "end", "ENDED") for one in people[::-1]]
    assert await tried() == expected
    ways = [await steps_of(scope, one) for one in people]
    assert [len(way) for way in ways] == [5, 5, 2], "once each, and two in all"
    await record(scope, [NewActivity("visit", one) for one in people[:2]])
    await moved(scope)
    assert await inside(scope, workflow_id) == [(people[0], "wait", "WAITING"), (people[1], "wait", "WAITING")]
    assert await tried() == expected
    assert [(await steps_of(scope, one))[-2:] for one in people] == [way[-2:] for way in ways], "a new test begins anew"
    await record(scope, [NewActivity("visit", people[2])])
    await moved(scope)
    assert (await ends_of(scope, workflow_id))[-1] == (people[2], "REACHED_END")
    await assert_figures_add_up(scope)
