"""Figures of workflows: they add up for each node and version, over time, and what drifted is found and corrected."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.workflows import counts
from models.workflows.counts import Counts
from models.workflows.insight import audit, figures
from tests.kit.workspaces import new_workspace

NOON = datetime(2026, 3, 1, 12, 20, tzinfo=UTC)
WORKFLOW = 5


@pytest.fixture
async def scope(database):
    """Ten entered the node `ask` with version 1 and three with version 2, an hour later; seven went on."""
    scope = await new_workspace()
    await db.execute(
        "INSERT INTO workflows (workspace_id, id, name, draft, published_number, created_at, updated_at)"
        " VALUES ($1, $2, 'Welcome', '{}', 2, $3, $3)",
        scope.workspace_id,
        WORKFLOW,
        NOON,
    )
    await db.execute(
        "INSERT INTO workflow_nodes (workspace_id, workflow_id, node, key) VALUES ($1, $2, 0, ''), ($1, $2, 1, 'ask'),"
        " ($1, $2, 2, 'gone')",
        scope.workspace_id,
        WORKFLOW,
    )
    first, second = Counts(NOON), Counts(NOON + timedelta(hours=1))
    first.let_in(WORKFLOW, 1, count=10)
    first.arrived(WORKFLOW, 1, 1, 10)
    first.left(WORKFLOW, 1, 1, "yes", 60.0, 3)
    second.left(WORKFLOW, 1, 1, "no", 3600.0, 2)
    second.let_in(WORKFLOW, 2, control=True, count=3)
    second.arrived(WORKFLOW, 2, 1, 3)
    second.left(WORKFLOW, 2, 1, "yes", 60.0, 2)
    for end, count in (("REACHED_END", 5), ("GOAL", 0)):
        second.ended(WORKFLOW, 1, end, count)
    second.ended(WORKFLOW, 2, "GOAL", 2)
    second.reached_goal(WORKFLOW, 2, control=True, count=2)
    second.turned_away(WORKFLOW, 2, "ONCE", 4)
    async with db.transaction():
        await first.write(scope)
        await second.write(scope)
        await second.write(scope)
    return scope


async def inside(scope, contact_id, number, *, state="WAITING", wake_at=None, test_id=None):
    await db.execute(
        "INSERT INTO enrollments (workspace_id, workflow_id, number, contact_id, trigger, node, node_at, state, entered_at,"
        " wake_at, test_id) VALUES ($1, $2, $3, $4, 'bought', 1, $5, $6, $5, $7, $8)",
        scope.workspace_id,
        WORKFLOW,
        number,
        contact_id,
        NOON,
        state,
        wake_at,
        test_id,
    )


async def test_a_workflow_is_counted_with_its_ends_and_its_control_group(scope):
    await inside(scope, 1, 1, state="HELD")
    await inside(scope, 2, 1, state="FAILED")
    await inside(scope, 3, 1, state="HELD", test_id=9)
    found = (await figures.of_workflows(scope, [WORKFLOW, 99]))[WORKFLOW]
    assert (found.entered, found.inside, found.ended, found.goal) == (13, 6, 7, 0)
    assert (found.waiting, found.held, found.failed) == (4, 1, 1)
    assert (found.control_entered, found.control_goal) == (3, 2)
    assert found.ends == {"REACHED_END": 5, "GOAL": 2}
    assert found.turned_away == {"ONCE": 4}


async def test_nodes_add_up_for_each_version_and_in_each_hour(scope):
    await inside(scope, 1, 1, wake_at=NOON + timedelta(days=3))
    await inside(scope, 2, 2, wake_at=NOON + timedelta(days=2))
    for number, entered, left in ((None, 13, {"yes": 5, "no": 2}), (1, 10, {"yes": 3, "no": 2}), (2, 3, {"yes": 2})):
        ask, new = await figures.of_nodes(scope, WORKFLOW, ["ask", "new"], number)
        assert (ask.entered, ask.outcomes) == (entered, left)
        assert ask.entered == ask.inside + ask.outcomes.total()
        assert ask.next_wake_at == NOON + timedelta(days=3 if number == 1 else 2)
        assert (new.key, new.entered, new.inside, new.next_wake_at) == ("new", 0, 0, None)
    (ask,) = await figures.of_nodes(scope, WORKFLOW, ["ask"], None, NOON + timedelta(hours=1))
    assert (ask.entered, ask.inside, ask.outcomes) == (3, 6, {"yes": 2, "no": 2})
    (ask,) = await figures.of_nodes(scope, WORKFLOW, ["ask"], None, NOON, NOON.replace(minute=59))
    assert (ask.entered, ask.inside, ask.outcomes) == (10, 7, {"yes": 3})


async def test_the_median_of_stays_is_right_to_a_tenth(scope):
    (ask,) = await figures.of_nodes(scope, WORKFLOW, ["ask"])
    assert ask.median_stay_seconds == pytest.approx(60, rel=0.1)
    for seconds in (0.002, 1.0, 59.0, 86_400.0, 366 * 86_400.0):
        assert counts.median_stay_seconds([(counts.bucket_of(seconds), 3)]) == pytest.approx(seconds, rel=0.1)
    assert counts.median_stay_seconds([(0, 5), (40, 1)]) == 0.0
    assert counts.median_stay_seconds([]) is None


async def test_drift_is_counted_and_corrected_once(scope):
    for contact_id in range(5):
        await inside(scope, contact_id, 1)
    await inside(scope, 50, 2)
    await inside(scope, 51, 1, test_id=9)
    await inside(scope, 52, 2, test_id=9)
    assert await audit.find_next() == (scope.workspace_id, WORKFLOW)
    assert await audit.audit(scope, WORKFLOW) == 0
    assert await audit.find_next() is None
    await db.execute("DELETE FROM enrollments WHERE contact_id IN (0, 1)")
    await inside(scope, 53, 2)
    assert await audit.audit(scope, WORKFLOW) == 6
    assert await audit.audit(scope, WORKFLOW) == 0
    later = clock.now() + audit.EVERY
    clock.set_source(lambda: later)
    assert await audit.find_next() is not None
    (ask,) = await figures.of_nodes(scope, WORKFLOW, ["ask"])
    assert (ask.entered, ask.inside) == (14, 5)
    assert ask.outcomes["corrected"] == 2
    found = (await figures.of_workflows(scope, [WORKFLOW]))[WORKFLOW]
    assert (found.inside, found.ends["REMOVED"]) == (5, 2)


async def test_hours_of_the_past_are_summed_up_by_the_day_and_nothing_else_changes(scope):
    for contact_id in range(6):
        await inside(scope, contact_id, 1 if contact_id else 2)
    before = await figures.of_nodes(scope, WORKFLOW, ["ask"])
    await db.execute("UPDATE workflow_counts SET hour = '2026-03-01T00:00Z' WHERE what = 'outcome:no'")
    hours = "SELECT array_agg(DISTINCT hour ORDER BY hour) FROM workflow_counts"
    midnight, noon = NOON.replace(hour=0, minute=0), NOON.replace(minute=0)
    for days, left in ((13, [midnight, noon, noon + timedelta(hours=1)]), (15, [midnight])):
        clock.set_source(lambda days=days: NOON + timedelta(days=days))
        assert await audit.audit(scope, WORKFLOW) == 0
        assert await db.fetch_value(hours) == left
    assert await figures.of_nodes(scope, WORKFLOW, ["ask"]) == before
