"""The engine records for a build the contacts that change meanwhile."""

import asyncio

from models import db
from models.membership import (
    builds,
    rebuild,
)
from models.rules.contact_changes import membership_changed, rule_to_evaluate
from models.segments import segments
from tests.kit.engine import Pause, assert_all_is_right, settled
from tests.kit.segments import (
    dynamic_segment,
    members_of,
    new_contacts,
)
from tests.kit.workspaces import new_workspace

SCORED = {"field": {"field": "score", "operator": "GTE", "value": 10}}


async def _new_rule(scope, segment, rule):
    await segments.update(scope, segment.id, {"rule": rule})


async def _set(contact_id, **values):
    for column, value in values.items():
        await db.execute(f"UPDATE contacts SET {column} = $2 WHERE id = $1", contact_id, value)


async def test_a_build_that_was_ended_and_begun_again_misses_no_change(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    one, two = await new_contacts(scope, 2, score=10)
    await settled(scope)
    pause = Pause(monkeypatch, "unsettled_contacts")
    await _new_rule(scope, segment, SCORED)
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    async with db.transaction():
        await builds.end(scope.workspace_id, segment.id, swapped=False)
    await _set(one, score=0)
    await settled(scope)
    async with db.transaction():
        await builds.begin(scope.workspace_id, segment.id)
    pause.go_on()
    await building
    assert await members_of(scope, segment) == {two}
    await settled(scope)
    await assert_all_is_right(scope)


async def test_one_of_two_parallel_builds_is_done(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope, built=False)
    await new_contacts(scope, 3, tags=["vip"])
    done = await asyncio.gather(*(rebuild.rebuild(scope.workspace_id, segment.id) for _ in range(4)))
    assert sum(one.changes for one in done if one is not None) == 3
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_batch_records_the_contacts_whose_changes_the_next_rule_reads(database):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    one, two = await new_contacts(scope, 2)
    await settled(scope)
    await _new_rule(scope, segment, SCORED)
    async with db.transaction():
        await builds.begin(scope.workspace_id, segment.id)
    await _set(one, score=10)
    await _set(two, name="Ana")
    await settled(scope)
    assert (await builds.changed_contacts(scope.workspace_id, segment.id, 0))[0] == [one]
    assert await builds.unfinished(scope.workspace_id) == {segment.id}


async def test_a_build_that_ends_without_a_swap_marks_what_it_recorded(database):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    (one,) = await new_contacts(scope, 1)
    await settled(scope)
    async with db.transaction():
        await builds.begin(scope.workspace_id, segment.id)
    await _set(one, tags=["vip"])
    await settled(scope)
    async with db.transaction():
        await builds.end(scope.workspace_id, segment.id, swapped=False)
    fields = await db.fetch_value("SELECT fields FROM dirty_contacts WHERE contact_id = $1", one)
    assert set(fields) == {rule_to_evaluate(segment.id), membership_changed(segment.id)}
    assert await builds.begun_at(scope.workspace_id, segment.id) is None
