"""Test runs: the engine moves real contacts on a clock of its own, hears what really happens to them, and counts nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.contacts.activities import NewActivity, record
from models.errors import Invalid, NotAllowedInState, NotFound
from models.workflows.trials import runs
from tests.kit.segments import members_of, new_contacts, static_segment
from tests.kit.workflows import assert_figures_add_up, graph, moved, node, running, set_status, steps_of
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
