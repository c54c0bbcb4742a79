"""What is dropped of activities, and what segments make of it."""

from datetime import timedelta

import pytest

from models import clock, db
from models.contacts import old_activities
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from tests.kit.killing import Killed, killed_after
from tests.kit.workspaces import new_workspace

YEAR = timedelta(days=365)


async def workspace_with_activities(*ages_in_days: int, kind: str = "purchase"):
    scope = await new_workspace()
    contact = await create_contact(scope, {"external_id": "a"})
    await record(
        scope, [NewActivity(kind, contact["id"], None, clock.now() - timedelta(days=age)) for age in ages_in_days]
    )
    return scope, contact


async def kinds_left() -> list[str]:
    return [row["kind"] for row in await db.fetch("SELECT kind FROM activities ORDER BY id")]


async def drop_all(limit: int = 2) -> list[int]:
    before, dropped = clock.now() - YEAR, []
    while count := await old_activities.drop_older_than(before, limit):
        dropped.append(count)
    return dropped


async def test_older_activities_are_dropped_in_chunks_and_younger_ones_stay(database):
    await workspace_with_activities(400, 500, 600, 10)
    assert await old_activities.count_older_than(clock.now() - YEAR, 100) == 3
    assert await drop_all() == [2, 1]
    assert await kinds_left() == ["purchase"]
    assert await old_activities.count_older_than(clock.now() - YEAR, 100) == 0


async def test_every_kind_and_every_workspace_is_looked_at(database):
    for kind in ("visit", "purchase", "a.b"):
        await workspace_with_activities(400, 1, kind=kind)
    assert await drop_all() == [2, 1]
    assert sorted(await kinds_left()) == ["a.b", "purchase", "visit"]


async def test_a_count_stops_at_what_was_asked(database):
    await workspace_with_activities(400, 500, 600)
    assert await old_activities.count_older_than(clock.now() - YEAR, 2) == 2


async def test_contacts_that_lost_activities_are_evaluated_again(database):
    _, contact = await workspace_with_activities(400)
    await db.execute("DELETE FROM dirty_contacts")
    await drop_all()
    marks = await db.fetch("SELECT contact_id, fields, bulk FROM dirty_contacts")
    assert [tuple(mark) for mark in marks] == [(contact["id"], ["activity:purchase"], True)]


@pytest.mark.parametrize("statements", range(7))
async def test_a_drop_that_is_killed_is_finished_by_the_next(database, statements):
    await workspace_with_activities(400, 500, 600, 10)
    with pytest.raises(Killed), killed_after(statements):
        while await old_activities.drop_older_than(clock.now() - YEAR, 1):
            pass
    await drop_all()
    assert len(await kinds_left()) == 1
