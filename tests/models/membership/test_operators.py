"""What operators do in SQL, and nobody else does: contacts moved, tables emptied, zones and fields changed."""

import asyncio
from contextvars import Context
from datetime import UTC, datetime

import pytest

from models import clock, db
from models.accounts import workspaces
from models.contacts.delete import delete_contacts
from models.membership import builds, manual_changes, rebuild
from models.membership.origins import Override
from models.segments import segments
from tests.kit.engine import assert_all_is_right, plus_segment, replayed_members, settled
from tests.kit.segments import dynamic_segment, in_segment, members_of, new_contacts, static_segment
from tests.kit.workspaces import new_workspace


async def _at_rest(scope):
    """Finish all builds, and process all marks."""
    for workspace_id, segment_id in await builds.wanted():
        await rebuild.rebuild(workspace_id, segment_id)
    await settled(scope)


async def test_a_contact_moved_to_another_workspace_changes_segments_in_both(database):
    scope, other = await new_workspace(), await new_workspace("Other")
    here, there = await dynamic_segment(scope), await dynamic_segment(other)
    one, two = await new_contacts(scope, 2, tags=["vip"])
    static = await static_segment(scope, [one, two])
    await settled(scope)
    await db.execute("UPDATE contacts SET workspace_id = $2 WHERE id = $1", one, other.workspace_id)
    await settled(scope)
    await settled(other)
    assert await members_of(scope, here) == await members_of(scope, static) == {two}
    assert await members_of(other, there) == {one}
    await assert_all_is_right(scope)
    await assert_all_is_right(other)


async def test_a_contact_with_a_new_id_is_another_contact(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    (one,) = await new_contacts(scope, 1, tags=["vip"])
    await settled(scope)
    await db.execute("UPDATE contacts SET id = 4711 WHERE id = $1", one)
    await settled(scope)
    assert await members_of(scope, vips) == {4711}
    await assert_all_is_right(scope)


@pytest.mark.parametrize("table", ["contacts", "activities", "memberships", "membership_overrides"])
async def test_truncate_is_captured_like_deleted_rows(database, table):
    scope = await new_workspace()
    bought = {"activity": {"kind": "purchase", "operator": "GTE", "value": 1}}
    buyers, vips = await plus_segment(scope, bought), await dynamic_segment(scope)
    not_vips = await dynamic_segment(scope, in_segment(vips, member=False))
    ids = await new_contacts(scope, 4, tags=["vip"])
    await static_segment(scope, ids[:2])
    await db.execute(_PURCHASES, scope.workspace_id, ids[:2])
    await settled(scope)
    await manual_changes.override(scope, vips.id, ids[3:], Override.EXCLUDE)
    assert (await members_of(scope, buyers), await members_of(scope, not_vips)) == (set(ids[:2]), set(ids[3:]))
    await db.execute(f"TRUNCATE {table} CASCADE")
    await settled(scope)
    await assert_all_is_right(scope)


_PURCHASES = """
INSERT INTO activities (workspace_id, contact_id, kind, occurred_at)
SELECT $1, unnest($2::bigint[]), 'purchase', now()
"""


IN = """
INSERT INTO memberships (workspace_id, segment_id, contact_id, origin) SELECT $1, $2, id, 'MANUAL' FROM contacts WHERE id = $3
"""
OUT = "DELETE FROM memberships WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = $3"


@pytest.mark.parametrize("sql", [IN, OUT], ids=["in", "out"])
@pytest.mark.parametrize("change", ["delete", "restore"])
async def test_a_member_changed_in_sql_during_a_deletion_or_restore_is_logged_once(database, sql, change):
    """The operator began before, and commits after, which nobody waits for."""
    scope = await new_workspace()
    one, two = await new_contacts(scope, 2)
    segment = await static_segment(scope, [two if sql == IN else one, two])
    if change == "restore":
        await segments.delete(scope, segment.id)
    async with db.transaction():
        await db.execute(sql, scope.workspace_id, segment.id, one)
        changed = await asyncio.create_task(getattr(segments, change)(scope, segment.id), context=Context())
        assert not changed.backfilling
    if change == "delete":
        assert (await replayed_members(scope))[segment.id] == set()
        await segments.restore(scope, segment.id)
    await settled(scope)
    await assert_all_is_right(scope)
    assert await members_of(scope, segment) == ({one, two} if sql == IN else {two})


async def test_a_contact_deleted_while_it_is_added_to_a_deleted_segment_is_not_restored(database):
    scope = await new_workspace()
    (one,) = await new_contacts(scope, 1)
    segment = await static_segment(scope)
    await segments.delete(scope, segment.id)
    await settled(scope)
    async with db.transaction():
        await db.execute(IN, scope.workspace_id, segment.id, one)
        await asyncio.create_task(delete_contacts(scope, [one]), context=Context())
        await asyncio.create_task(settled(scope), context=Context())
    await settled(scope)
    await segments.restore(scope, segment.id)
    assert await members_of(scope, segment) == set()
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_new_time_zone_changes_days_in_rules(database):
    scope = await new_workspace(timezone="UTC")
    clock.set_source(lambda: datetime(2026, 11, 25, 23, 30, tzinfo=UTC))
    rule = {"field": {"field": "date_of_birth", "operator": "ANNIVERSARY_WITHIN_NEXT", "value": "P0D"}}
    today = await dynamic_segment(scope, rule)
    ben = await new_contacts(scope, 1, date_of_birth="1980-11-25")
    ana = await new_contacts(scope, 1, date_of_birth="1980-11-26")
    await settled(scope)
    assert await members_of(scope, today) == set(ben)
    await db.execute("UPDATE workspaces SET timezone = 'Asia/Tokyo'")
    await _at_rest(scope)
    assert await members_of(scope, today) == set(ana)
    await assert_all_is_right(await workspaces.find_system_scope(scope.workspace_id))


async def test_a_field_with_a_new_type_is_read_again_and_an_unreadable_rule_fails(database):
    scope = await new_workspace()
    await db.execute(
        "INSERT INTO contact_fields (workspace_id, key, label, type) VALUES ($1, 'n', 'N', 'TEXT')", scope.workspace_id
    )
    is_set = await dynamic_segment(scope, {"field": {"field": "attributes.n", "operator": "IS_SET"}})
    is_five = await dynamic_segment(scope, {"field": {"field": "attributes.n", "operator": "EQUALS", "value": "5"}})
    other = await dynamic_segment(scope)
    text, number = await new_contacts(scope, 2)
    await db.execute('UPDATE contacts SET attributes = \'{"n": "5"}\' WHERE id = $1', text)
    await db.execute("UPDATE contacts SET attributes = '{\"n\": 5}' WHERE id = $1", number)
    await settled(scope)
    assert (await members_of(scope, is_set), await members_of(scope, is_five)) == ({text}, {text})
    await db.execute("UPDATE contact_fields SET type = 'NUMBER'")
    await _at_rest(scope)
    assert (await members_of(scope, is_set), await members_of(scope, is_five)) == ({number}, {text})
    statuses = [(await segments.get(scope, one.id)).status for one in (is_set, is_five, other)]
    assert statuses == ["READY", "FAILED", "READY"]
