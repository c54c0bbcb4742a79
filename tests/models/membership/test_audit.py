"""Drift is corrected, logged and counted. Unprocessed changes are no drift."""

import asyncio
from datetime import timedelta

from models import clock, db
from models.membership import apply, audit, builds, rebuild, swap
from models.segments import segments
from tests.kit.engine import Pause, assert_all_is_right, counted_members, right_members, settled, stored_members
from tests.kit.segments import dynamic_segment, in_segment, members_of, new_contacts, static_segment
from tests.kit.workspaces import new_workspace


async def _tamper(sql, *args):
    """Change what is stored behind everybody's back."""
    async with db.transaction():
        await db.execute("SET LOCAL muster.members = 'logged'")
        await db.execute(sql, *args)


async def _round(scope, limit=3):
    found = []
    while not found or not found[-1].is_over:
        found.append(await audit.step(scope.workspace_id, limit))
    return sum(step.contacts for step in found), sum(step.drift for step in found)


async def test_a_round_over_right_members_finds_no_drift(database):
    scope = await new_workspace()
    await dynamic_segment(scope)
    await new_contacts(scope, 7, tags=["vip"])
    await settled(scope)
    assert await _round(scope) == (7, 0)
    assert await audit.find_next_workspace() == scope.workspace_id


async def test_missing_and_surplus_members_and_wrong_counts_are_corrected_and_logged(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    others = await dynamic_segment(scope, in_segment(vips, member=False))
    static = await static_segment(scope)
    ids = await new_contacts(scope, 4, tags=["vip"])
    await new_contacts(scope, 2)
    await settled(scope)
    await _tamper("DELETE FROM memberships WHERE segment_id = $1 AND contact_id = ANY($2)", vips.id, ids[:2])
    await _tamper("UPDATE segments SET member_count = 77 WHERE id = $1", static.id)
    _, drift = await _round(scope)
    assert drift >= 3
    assert await members_of(scope, vips) == set(ids)
    assert len(await members_of(scope, others)) == 2
    assert await stored_members(scope) == await right_members(scope)
    assert (await counted_members(scope))[static.id] == 0
    assert await _round(scope) == (6, 0)


async def test_members_that_are_no_contacts_are_removed(database):
    scope = await new_workspace()
    static = await static_segment(scope, await new_contacts(scope, 2))
    await dynamic_segment(scope)
    await settled(scope)
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'")
        await db.execute("DELETE FROM contacts")
    await settled(scope)
    assert len(await members_of(scope, static)) == 2
    assert await _round(scope) == (2, 2)
    await assert_all_is_right(scope)


async def test_unprocessed_changes_are_no_drift(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    now = clock.now()
    silent = await dynamic_segment(
        scope, {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "P30D"}}
    )
    ids = await new_contacts(scope, 4, last_interaction_at=now - timedelta(days=29))
    await settled(scope)
    await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = ANY($1)", ids[:3])
    clock.set_source(lambda: now + timedelta(days=2))
    assert (await _round(scope))[1] == 0
    assert await members_of(scope, vips) == set()
    assert await members_of(scope, silent) == set(ids)
    assert await rebuild.rebuild(scope.workspace_id, vips.id, again=True) == swap.RebuildResult(3, 0)
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_contact_deleted_a_moment_ago_is_no_drift(database):
    scope = await new_workspace()
    await dynamic_segment(scope)
    ids = await new_contacts(scope, 3, tags=["vip"])
    await static_segment(scope, ids)
    await settled(scope)
    await db.execute("DELETE FROM contacts WHERE id = $1", ids[0])
    assert (await _round(scope))[1] == 0
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_segment_that_waits_for_its_build_is_no_drift(database):
    """What a rule mentions is gone, or the segment itself is back: its members follow with the build."""
    scope = await new_workspace()
    vips, back = await dynamic_segment(scope), await dynamic_segment(scope)
    others = await dynamic_segment(scope, in_segment(vips, member=False))
    ids = await new_contacts(scope, 3, tags=["vip"])
    await settled(scope)
    await segments.delete(scope, back.id)
    await db.execute("UPDATE contacts SET tags = '{}' WHERE id = $1", ids[0])
    await settled(scope)
    await segments.restore(scope, back.id)
    await segments.delete(scope, vips.id, force=True)
    assert (await _round(scope))[1] == 0
    for workspace_id, segment_id in await builds.wanted():
        await rebuild.rebuild(workspace_id, segment_id)
    await settled(scope)
    assert (await members_of(scope, others), await members_of(scope, back)) == (set(ids), set(ids[1:]))
    await assert_all_is_right(scope)


async def test_changes_left_to_a_build_that_was_given_up_are_no_drift(database, monkeypatch):
    """During a large swap, batches leave the segment's members alone and record the contacts concerned."""
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    ids = await new_contacts(scope, 6, tags=["vip"])
    await settled(scope)
    await _tamper("DELETE FROM memberships WHERE contact_id = ANY ($1)", ids[:2])
    monkeypatch.setattr(swap, "SMALL", 1)
    pause = Pause(monkeypatch, "write_from", apply)
    recomputing = asyncio.create_task(rebuild.rebuild(scope.workspace_id, vips.id, again=True))
    await pause.reach()
    await db.execute("DELETE FROM contacts WHERE id = $1", ids[5])
    await db.execute("UPDATE contacts SET tags = '{}' WHERE id = $1", ids[4])
    await settled(scope)
    recomputing.cancel()
    await asyncio.wait({recomputing})
    assert await audit.step(scope.workspace_id, 6) == audit.AuditResult(6, 0, False)
    pause.go_on()
    for workspace_id, segment_id in await builds.wanted():
        await rebuild.rebuild(workspace_id, segment_id)
    await settled(scope)
    assert await members_of(scope, vips) == set(ids[2:4])
    assert await rebuild.rebuild(scope.workspace_id, vips.id, again=True) == swap.RebuildResult(2, 2)


async def test_a_build_hears_what_the_audit_corrects(database, monkeypatch):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    ids = await new_contacts(scope, 3, tags=["vip"])
    await settled(scope)
    await _tamper("DELETE FROM memberships WHERE contact_id = $1", ids[0])
    inside = await dynamic_segment(scope, in_segment(vips), built=False)
    pause = Pause(monkeypatch, "unsettled_contacts")
    building = asyncio.create_task(rebuild.rebuild(scope.workspace_id, inside.id))
    await pause.reach()
    await _round(scope)
    assert await members_of(scope, vips) == set(ids)
    pause.go_on()
    await building
    await settled(scope)
    assert await members_of(scope, inside) == set(ids)
