"""Drift is found, mended, told and counted; and what waits to be taken in is no drift."""

import asyncio
from datetime import timedelta

import pytest

from models import clock, db
from models.membership import apply, audit, batches, builds, compiled_rules, dirty_contacts, quarantine, rebuild, swap
from models.membership.statements import Statement
from models.segments import segments
from tests.kit.engine import Pause, assert_all_is_right, counted_members, right_members, settled, stored_members
from tests.kit.segments import TAGGED_VIP, dynamic_segment, in_segment, members_of, new_contacts, static_segment
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


async def test_a_round_over_what_is_right_finds_nothing(database):
    scope = await new_workspace()
    await dynamic_segment(scope)
    await new_contacts(scope, 7, tags=["vip"])
    await settled(scope)
    assert await _round(scope) == (7, 0)
    assert await audit.find_next_workspace() == scope.workspace_id


async def test_members_that_are_missing_or_too_many_are_mended_and_told_and_so_are_counts(database):
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


async def test_members_that_are_no_contacts_are_taken_out(database):
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


async def test_what_waits_to_be_taken_in_is_no_drift(database):
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


async def test_who_was_deleted_a_moment_ago_is_no_drift(database):
    scope = await new_workspace()
    await dynamic_segment(scope)
    ids = await new_contacts(scope, 3, tags=["vip"])
    await static_segment(scope, ids)
    await settled(scope)
    await db.execute("DELETE FROM contacts WHERE id = $1", ids[0])
    assert (await _round(scope))[1] == 0
    await settled(scope)
    await assert_all_is_right(scope)


async def test_segments_that_wait_for_their_build_are_no_drift(database):
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


async def test_what_was_left_to_a_build_that_was_given_up_is_no_drift(database, monkeypatch):
    """While many members are exchanged, slices leave those of the segment alone, and write down whom that concerned."""
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


async def test_what_the_audit_mends_is_heard_by_those_who_are_being_built(database, monkeypatch):
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


async def test_a_recompute_counts_as_drift_what_nothing_explains(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    ids = await new_contacts(scope, 4, tags=["vip"])
    await settled(scope)
    await _tamper("DELETE FROM memberships WHERE contact_id = $1", ids[0])
    assert await rebuild.rebuild(scope.workspace_id, vips.id, again=True) == swap.RebuildResult(1, 1)
    assert await rebuild.rebuild(scope.workspace_id, vips.id, again=True) == swap.RebuildResult(0, 0)
    assert await members_of(scope, vips) == set(ids)


async def test_how_far_behind_the_segments_are_can_be_seen(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    await settled(scope)
    fresh = await dirty_contacts.freshness(scope)
    assert (fresh.pending_contacts, fresh.lag_seconds < 0.5) == (0, True)
    ids = await new_contacts(scope, 3, tags=["vip"])
    await db.execute("UPDATE contacts SET score = 5 WHERE id = $1", ids[0])
    await db.execute("UPDATE dirty_contacts SET marked_at = marked_at - interval '5 seconds'")
    behind = await dirty_contacts.freshness(scope)
    assert behind.pending_contacts == 3
    assert 4.9 < behind.lag_seconds < 7
    assert behind.as_of < fresh.as_of + timedelta(seconds=1)
    await settled(scope)
    assert (await dirty_contacts.freshness(scope)).pending_contacts == 0
    assert await members_of(scope, vips) == set(ids)


async def test_a_rule_that_cannot_be_asked_is_set_aside_and_holds_up_no_other(database, monkeypatch):
    scope = await new_workspace()
    broken, whole = await dynamic_segment(scope), await dynamic_segment(scope)
    compile_statement = compiled_rules.evaluation

    def with_a_flaw(workspace_id, timezone, segment_ids, rules):
        made = compile_statement(workspace_id, timezone, segment_ids, rules)
        return Statement(made.sql + " LIMIT 1 / 0", made.parameters) if broken.id in segment_ids else made

    monkeypatch.setattr(compiled_rules, "evaluation", with_a_flaw)
    ids = await new_contacts(scope, 2, tags=["vip"])
    with pytest.raises(db.PostgresError) as error:
        await batches.process_batch(scope.workspace_id, 100)
    assert db.is_data_error(error.value)
    assert await quarantine.isolate(scope.workspace_id, 100) == [broken.id]
    await settled(scope)
    assert await members_of(scope, whole) == set(ids)
    assert await db.fetch_value("SELECT status FROM segments WHERE id = $1", broken.id) == "FAILED"
    monkeypatch.undo()
    await rebuild.rebuild(scope.workspace_id, broken.id, again=True)
    await assert_all_is_right(scope)
    assert await members_of(scope, broken) == set(ids)


async def test_a_rule_that_stumbles_in_our_own_code_is_set_aside_too(database, monkeypatch):
    scope = await new_workspace()
    broken, whole = await dynamic_segment(scope), await dynamic_segment(scope)
    compile_statement = compiled_rules.evaluation

    def with_a_bug(workspace_id, timezone, segment_ids, rules):
        return (
            compile_statement(workspace_id, timezone, segment_ids, rules) if broken.id not in segment_ids else {}["x"]
        )

    monkeypatch.setattr(compiled_rules, "evaluation", with_a_bug)
    ids = await new_contacts(scope, 2, tags=["vip"])
    with pytest.raises(KeyError) as error:
        await batches.process_batch(scope.workspace_id, 100)
    assert quarantine.is_a_rules_fault(error.value)
    assert await quarantine.isolate(scope.workspace_id, 100) == [broken.id]
    await settled(scope)
    assert await members_of(scope, whole) == set(ids)


async def test_a_rule_that_is_set_aside_while_its_next_is_to_be_built_is_not_failed(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    ids = await new_contacts(scope, 2, tags=["vip"])
    await segments.update(scope, vips.id, {"rule": {"not": {"not": TAGGED_VIP}}})
    await quarantine.set_aside(scope.workspace_id, vips.id)
    await rebuild.rebuild(scope.workspace_id, vips.id)
    assert await members_of(scope, vips) == set(ids)
    assert (await segments.get(scope, vips.id)).status == "READY"


async def test_a_rule_that_can_no_longer_be_read_keeps_its_members_and_holds_up_no_other(database):
    scope = await new_workspace()
    broken, whole = await dynamic_segment(scope), await dynamic_segment(scope)
    ids = await new_contacts(scope, 2, tags=["vip"])
    await settled(scope)
    await db.execute("UPDATE segments SET active_rule = '{\"all\": 5}' WHERE id = $1", broken.id)
    more = await new_contacts(scope, 1, tags=["vip"])
    await settled(scope)
    assert await members_of(scope, broken) == set(ids)
    assert await members_of(scope, whole) == {*ids, *more}


async def test_rules_that_go_round_in_a_circle_hold_up_no_other(database):
    scope = await new_workspace()
    one = await dynamic_segment(scope)
    other = await dynamic_segment(scope, in_segment(one))
    whole = await dynamic_segment(scope)
    await db.execute(
        "UPDATE segments SET active_rule = $2 WHERE id = $1",
        one.id,
        db.dump_json({"any": [TAGGED_VIP, in_segment(other)]}),
    )
    ids = await new_contacts(scope, 2, tags=["vip"])
    await settled(scope)
    assert await members_of(scope, whole) == set(ids)
