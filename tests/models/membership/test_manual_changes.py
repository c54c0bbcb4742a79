"""Members that people change directly: by functions, in SQL, and by overrides."""

import asyncio
import time
from random import Random

import pytest

from models import db
from models.changelog.members import MEMBERS
from models.changelog.read import read_head
from models.errors import LimitExceeded, NotFound, Unsupported
from models.membership import manual_changes, rebuild
from models.membership.origins import Origin, Override
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import (
    TAGGED_VIP,
    dynamic_segment,
    in_segment,
    many_contacts,
    members_of,
    new_contacts,
    static_segment,
)
from tests.kit.workspaces import new_workspace


async def test_only_real_changes_are_counted_and_logged(database):
    scope, other = await new_workspace(), await new_workspace("Other")
    (foreign,) = await new_contacts(other, 1)
    segment = await static_segment(scope)
    one, two, three = await new_contacts(scope, 3)
    assert (
        await manual_changes.change_members(scope, segment.id, add=[one, two, one, foreign, 10**9], origin=Origin.API)
        == 2
    )
    assert await manual_changes.change_members(scope, segment.id, add=[two], remove=[three], origin=Origin.API) == 0
    assert (
        await manual_changes.change_members(scope, segment.id, add=[three], remove=[one, 10**9], origin=Origin.API) == 2
    )
    assert await members_of(scope, segment) == {two, three}
    await settled(scope)
    await assert_all_is_right(scope)


async def test_parallel_changes_of_the_same_contacts_do_not_deadlock(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 16)

    async def move(seed):
        random = Random(seed)
        for _ in range(12):
            some = random.sample(ids, 10)
            await manual_changes.change_members(scope, segment.id, add=some[:5], remove=some[5:], origin=Origin.MANUAL)

    await asyncio.gather(*map(move, range(6)))
    await settled(scope)
    await assert_all_is_right(scope)


async def test_the_wrong_kind_of_segment_and_too_many_contacts_are_refused(database):
    scope, other = await new_workspace(), await new_workspace("Other")
    static, dynamic = await static_segment(scope), await dynamic_segment(scope)
    foreign = await static_segment(other)
    with pytest.raises(Unsupported):
        await manual_changes.change_members(scope, dynamic.id, add=[1], origin=Origin.MANUAL)
    with pytest.raises(Unsupported):
        await manual_changes.override(scope, static.id, [1], Override.INCLUDE)
    with pytest.raises(NotFound):
        await manual_changes.change_members(scope, foreign.id, add=[1], origin=Origin.MANUAL)
    with pytest.raises(NotFound):
        await manual_changes.override(scope, foreign.id, [1], None)
    with pytest.raises(LimitExceeded):
        await manual_changes.change_members(scope, static.id, add=range(10_001), origin=Origin.MANUAL)


async def test_an_override_holds_whatever_the_rule_says_and_is_lifted_again(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    others = await dynamic_segment(scope, in_segment(vips, member=False))
    vip, plain = [*await new_contacts(scope, 1, tags=["vip"]), *await new_contacts(scope, 1)]
    await settled(scope)
    assert await manual_changes.override(scope, vips.id, [plain], Override.INCLUDE) == 1
    assert await manual_changes.override(scope, vips.id, [plain], Override.INCLUDE) == 0
    assert await manual_changes.override(scope, vips.id, [vip, 10**9], Override.EXCLUDE) == 1
    assert (await members_of(scope, vips), await members_of(scope, others)) == ({plain}, {vip})
    await db.execute("UPDATE contacts SET tags = tags || '{x}'")
    await settled(scope)
    await rebuild.rebuild(scope.workspace_id, vips.id, again=True)
    assert await members_of(scope, vips) == {plain}
    await assert_all_is_right(scope)
    assert await manual_changes.override(scope, vips.id, [vip, plain], None) == 2
    assert (await members_of(scope, vips), await members_of(scope, others)) == ({vip}, {plain})
    await assert_all_is_right(scope)


async def test_an_override_is_deleted_with_its_contact(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    (contact_id,) = await new_contacts(scope, 1)
    await manual_changes.override(scope, vips.id, [contact_id], Override.INCLUDE)
    await db.execute("DELETE FROM contacts WHERE id = $1", contact_id)
    await settled(scope)
    assert await db.fetch_value("SELECT count(*) FROM membership_overrides") == 0
    await assert_all_is_right(scope)


async def test_static_members_changed_in_sql_are_logged_and_counted(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    inside = await dynamic_segment(scope, in_segment(segment))
    one, two, three = await new_contacts(scope, 3)
    await settled(scope)
    async with db.transaction():
        await db.execute(
            "INSERT INTO memberships (workspace_id, segment_id, contact_id, origin) SELECT $1, $2, unnest($3::bigint[]), 'API'",
            scope.workspace_id, segment.id, [one, two],
        )  # fmt: skip
        await db.execute("UPDATE memberships SET contact_id = $1 WHERE contact_id = $2", three, two)
    await settled(scope)
    assert await members_of(scope, inside) == {one, three}
    await db.execute("DELETE FROM memberships WHERE segment_id = $1 AND contact_id = $2", segment.id, one)
    await settled(scope)
    assert await members_of(scope, inside) == {three}
    await assert_all_is_right(scope)


async def test_very_many_members_changed_in_sql_are_logged_in_linear_time(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    await many_contacts(scope, 5_000)
    started = time.monotonic()
    async with db.transaction():
        await db.execute(_ALL_OF_THEM, scope.workspace_id, segment.id)
        await db.execute("DELETE FROM memberships WHERE contact_id % 2 = 0")
        await db.execute("SET CONSTRAINTS ALL IMMEDIATE")
        await db.execute("DELETE FROM memberships WHERE contact_id % 501 = 0")
    assert time.monotonic() - started < 30
    await settled(scope, 5_000)
    assert len(await members_of(scope, segment)) == await db.fetch_value(
        "SELECT count(*) FROM contacts WHERE id % 2 <> 0 AND id % 501 <> 0"
    )
    await assert_all_is_right(scope)


async def test_members_changed_in_sql_and_rolled_back_are_not_logged(database):
    scope = await new_workspace()
    one, other = await static_segment(scope), await static_segment(scope)
    await new_contacts(scope, 3)
    await db.execute(
        f"""
        DO $$ BEGIN
            DELETE FROM memberships;
            BEGIN
                {_ALL_OF_THEM.replace("$1", str(scope.workspace_id)).replace("$2", str(one.id))};
                RAISE 'no';
            EXCEPTION WHEN raise_exception THEN NULL;
            END;
            {_ALL_OF_THEM.replace("$1", str(scope.workspace_id)).replace("$2", str(other.id))};
        END $$"""
    )
    await settled(scope)
    assert (await read_head(scope, MEMBERS)).position == 3
    await assert_all_is_right(scope)


_ALL_OF_THEM = """
INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
SELECT workspace_id, $2, id, 'MANUAL' FROM contacts WHERE workspace_id = $1
"""


async def test_dynamic_members_changed_in_sql_are_corrected(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    vip, plain = [*await new_contacts(scope, 1, tags=["vip"]), *await new_contacts(scope, 1)]
    await settled(scope)
    await db.execute("DELETE FROM memberships")
    await db.execute(
        "INSERT INTO memberships (workspace_id, segment_id, contact_id, origin) VALUES ($1, $2, $3, 'MANUAL')",
        scope.workspace_id, vips.id, plain,
    )  # fmt: skip
    await settled(scope)
    assert await members_of(scope, vips) == {vip}
    await assert_all_is_right(scope)


async def test_a_contact_deleted_while_it_is_added_does_not_stay(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    (contact_id,) = await new_contacts(scope, 1)
    await settled(scope)
    async with db.transaction():
        await manual_changes.change_members(scope, segment.id, add=[contact_id], origin=Origin.MANUAL)
        await db.execute("DELETE FROM contacts WHERE id = $1", contact_id)
        await db.execute(
            "DELETE FROM dirty_contacts WHERE fields = '{-}'"
        )  # processed by an engine that did not see the member
    await settled(scope)
    assert await members_of(scope, segment) == set()
    await assert_all_is_right(scope)


async def test_members_of_a_purged_segment_are_deleted_in_steps(database):
    scope = await new_workspace()
    segment = await static_segment(scope, await new_contacts(scope, 5))
    before = await db.fetch_value("SELECT count(*) FROM membership_changes")
    assert [await manual_changes.forget_segment(scope.workspace_id, segment.id) for _ in range(2)] == [5, 0]
    assert await db.fetch_value("SELECT count(*) FROM membership_changes") == before


async def test_a_rule_follows_the_members_of_the_segment_it_mentions(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    rule = {"all": [in_segment(segment), {"not": TAGGED_VIP}]}
    inside = await dynamic_segment(scope, rule)
    vip, plain = [*await new_contacts(scope, 1, tags=["vip"]), *await new_contacts(scope, 1)]
    await manual_changes.change_members(scope, segment.id, add=[vip, plain], origin=Origin.WORKFLOW)
    await settled(scope)
    assert await members_of(scope, inside) == {plain}
    await manual_changes.change_members(scope, segment.id, remove=[plain], origin=Origin.WORKFLOW)
    await settled(scope)
    assert await members_of(scope, inside) == set()
    await assert_all_is_right(scope)
