"""A rebuilt segment is swapped in at one instant, and no change made meanwhile is lost."""

import asyncio
from datetime import timedelta

from models import clock, db
from models.changelog.members import MEMBERS
from models.changelog.read import read_head, read_page
from models.membership import (
    apply,
    rebuild,
    swap,
)
from models.segments import segments
from tests.kit.engine import Pause, assert_all_is_right, settled
from tests.kit.segments import (
    TAGGED_VIP,
    dynamic_segment,
    members_of,
    new_contacts,
    replayed,
)
from tests.kit.workspaces import new_workspace

SCORED = {"field": {"field": "score", "operator": "GTE", "value": 10}}


async def _new_rule(scope, segment, rule):
    await segments.update(scope, segment.id, {"rule": rule})


async def _set(contact_id, **values):
    for column, value in values.items():
        await db.execute(f"UPDATE contacts SET {column} = $2 WHERE id = $1", contact_id, value)


async def _log(scope, after):
    return [(c.contact_id, c.kind) for c in (await read_page(scope, MEMBERS, after, 100)).entries]


async def test_contacts_moved_by_the_old_rule_during_a_build_are_evaluated_by_the_new_one(database, monkeypatch):
    """Batches evaluate a rule for needless contacts too, where that saves a statement."""
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    await dynamic_segment(scope, SCORED)
    stale, tagged = await new_contacts(scope, 2)
    await settled(scope)
    async with (
        db.transaction()
    ):  # as when a segment that the rule mentions was deleted, and the build of that is to come
        append = await apply.begin(scope.workspace_id, clock.now())
        await apply.write(append, apply.Difference([segment.id], [stale], [True], ["RULE"]))
        await apply.close(append)
    pause = Pause(monkeypatch, "unsettled_contacts")
    await _new_rule(scope, segment, {"field": {"field": "email", "operator": "IS_NOT_SET"}})
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    await _set(stale, score=10)
    await _set(tagged, tags=["vip"])
    await settled(scope)
    assert await members_of(scope, segment) == {tagged}
    pause.go_on()
    await building
    assert await members_of(scope, segment) == {stale, tagged}
    await settled(scope)
    await assert_all_is_right(scope)


async def test_during_a_large_swap_other_segments_go_on_and_changes_of_this_one_wait(database, monkeypatch):
    scope = await new_workspace()
    segment, other = await dynamic_segment(scope), await dynamic_segment(scope)
    ids = await new_contacts(scope, 12, score=10)
    await settled(scope)
    monkeypatch.setattr(swap, "SMALL", 5)
    pause = Pause(monkeypatch, "write_from", apply)
    await _new_rule(scope, segment, SCORED)
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await _set(ids[0], tags=["vip"])
    await pause.reach()
    await _set(ids[0], tags=["vip"], score=0)
    await db.execute("DELETE FROM contacts WHERE id = $1", ids[1])
    await asyncio.wait_for(settled(scope), 3)
    assert await members_of(scope, other) == {ids[0]}
    assert await members_of(scope, segment) == set()
    pause.go_on()
    await building
    assert await members_of(scope, segment) == set(ids[2:])
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_contact_deleted_during_a_large_swap_leaves_even_a_deleted_segment(database, monkeypatch):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    ids = await new_contacts(scope, 12, score=10, tags=["vip"])
    await settled(scope)
    monkeypatch.setattr(swap, "SMALL", 5)
    pause = Pause(monkeypatch, "write_from", apply)
    await _new_rule(scope, segment, {"not": TAGGED_VIP})
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    await db.execute("DELETE FROM contacts WHERE id = $1", ids[0])
    await settled(scope)
    assert ids[0] in await members_of(scope, segment)
    await segments.delete(scope, segment.id)
    pause.go_on()
    await building
    await settled(scope)
    assert ids[0] not in await members_of(scope, segment)
    await segments.backfill_step(scope, segment.id)
    assert await replayed(scope, segment) == set()


async def test_a_large_swap_logs_contacts_as_they_are_when_it_writes(database, monkeypatch):
    """Compared in time for one rule, and other than that by the time that the difference is written."""
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    ids = await new_contacts(scope, 12, score=10)
    await settled(scope)
    before = (await read_head(scope, MEMBERS)).position
    monkeypatch.setattr(swap, "SMALL", 5)
    pause = Pause(monkeypatch, "write_large")
    await _new_rule(scope, segment, SCORED)
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    await _set(ids[0], score=0)
    await settled(scope)
    pause.go_on()
    await building
    assert sorted(await _log(scope, before)) == [(contact_id, "ENTERED") for contact_id in ids[1:]]
    await assert_all_is_right(scope)


async def test_a_contact_that_crosses_a_threshold_during_the_build_is_a_member_after_it(database, monkeypatch):
    """A tick for another rule runs meanwhile, so no later tick finds this crossing."""
    now = clock.now()
    clock.set_source(lambda: now)
    scope = await new_workspace()
    segment, _ = await dynamic_segment(scope), await dynamic_segment(scope, _silent("P7D"))
    (one,) = await new_contacts(scope, 1, last_interaction_at=now - timedelta(days=30) + timedelta(hours=1))
    await settled(scope)
    pause = Pause(monkeypatch, "is_large")
    await _new_rule(scope, segment, _silent("P30D"))
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    now += timedelta(hours=2)
    await settled(scope)
    pause.go_on()
    await building
    assert await members_of(scope, segment) == {one}
    await settled(scope)
    await assert_all_is_right(scope)


def _silent(duration):
    return {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": duration}}


async def test_a_rule_that_was_edited_during_its_build_is_never_active(database, monkeypatch):
    """While it was built, changes in what it alone reads were written down for nobody."""
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    (one,) = await new_contacts(scope, 1)
    await settled(scope)
    pause = Pause(monkeypatch, "unsettled_contacts")
    await _new_rule(scope, segment, SCORED)
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, segment.id))
    await pause.reach()
    named = {"field": {"field": "name", "operator": "EQUALS", "value": "Ana"}}
    await _new_rule(scope, segment, named)
    await _set(one, score=10)
    await settled(scope)
    active = []
    monkeypatch.setattr(swap, "swap", _noting(active, swap.swap))
    pause.go_on()
    await building
    assert active == [named]
    await settled(scope)
    await assert_all_is_right(scope)


def _noting(rules, swap):
    async def noting(plan, *args):
        rules.append(db.load_json(plan.rule_json))
        await swap(plan, *args)

    return noting
