"""Members that SQL writes are logged once and in order, while others change the same members."""

import asyncio
import random
from contextvars import Context

import pytest

from models import db
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.errors import DomainError
from models.membership import audit, backfill, builds, manual_changes, rebuild
from models.membership.origins import Origin, Override
from models.segments import segments
from tests.kit.engine import assert_all_is_right, counted_members, replayed_members, settled
from tests.kit.segments import dynamic_segment, in_segment, members_of, new_contacts, static_segment
from tests.kit.workspaces import new_workspace

IN = """
INSERT INTO memberships (workspace_id, segment_id, contact_id, origin) VALUES ($1, $2, $3, 'MANUAL') ON CONFLICT DO NOTHING
"""
OUT = "DELETE FROM memberships WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = $3"


async def _entries(scope):
    return [(one.segment_id, one.contact_id, one.kind) for one in (await read_page(scope, MEMBERS, None, 1000)).entries]


async def test_what_sql_did_to_a_member_is_logged_in_order_before_what_others_do_to_it(database):
    scope = await new_workspace()
    one, two = await new_contacts(scope, 2)
    segment = await static_segment(scope)
    await settled(scope)
    for sql in (IN, OUT, IN):
        await db.execute(sql, scope.workspace_id, segment.id, one)
    await db.execute(IN, scope.workspace_id, segment.id, two)
    assert await _entries(scope) == []
    await manual_changes.change_members(scope, segment.id, remove=[one], origin=Origin.API)
    of_one = [(segment.id, one, kind) for kind in ("ENTERED", "LEFT", "ENTERED", "LEFT")]
    assert await _entries(scope) == of_one, "and of the other nothing yet"
    await settled(scope)
    assert await _entries(scope) == [*of_one, (segment.id, two, "ENTERED")]
    await assert_all_is_right(scope)


async def test_a_member_that_sql_puts_into_a_dynamic_segment_enters_and_leaves_and_what_mentions_it_follows(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    others = await dynamic_segment(scope, in_segment(vips, member=False))
    (one,) = await new_contacts(scope, 1)
    await settled(scope)
    await db.execute(IN, scope.workspace_id, vips.id, one)
    await settled(scope)
    assert await _entries(scope) == [(others.id, one, "ENTERED"), (vips.id, one, "ENTERED"), (vips.id, one, "LEFT")]
    await assert_all_is_right(scope)


async def test_the_audit_corrects_no_count_for_what_is_not_logged_yet(database):
    scope = await new_workspace()
    ids = await new_contacts(scope, 3)
    segment = await static_segment(scope, ids[:2])
    await settled(scope)
    await db.execute(IN, scope.workspace_id, segment.id, ids[2])
    assert (await audit.step(scope.workspace_id)).drift == 0
    assert await counted_members(scope) == {segment.id: 2}
    await settled(scope)
    assert await counted_members(scope) == {segment.id: 3}
    await assert_all_is_right(scope)


@pytest.mark.parametrize("seed", range(3))
async def test_operators_the_engine_and_people_change_the_same_members_at_once(database, seed, monkeypatch):
    """Every step of the log makes sense, and leads to the members that are stored."""
    monkeypatch.setattr(backfill, "AT_ONCE", 2)
    scope = await new_workspace()
    draw = random.Random(seed)
    ids = await new_contacts(scope, 6)
    static, vips = await static_segment(scope, ids[:3]), await dynamic_segment(scope)
    await dynamic_segment(scope, in_segment(static))
    await settled(scope)
    busy = True

    async def operate():
        for _ in range(25):
            async with db.transaction():
                for contact_id in sorted(draw.sample(ids, 2)):
                    segment = draw.choice([static, vips])
                    await db.execute(draw.choice([IN, OUT]), scope.workspace_id, segment.id, contact_id)
                    await asyncio.sleep(draw.random() / 200)

    async def change_by_hand():
        some = sorted(draw.sample(ids, 2))
        if draw.random() < 0.5:
            await manual_changes.change_members(scope, static.id, add=some[:1], remove=some[1:], origin=Origin.API)
        else:
            await manual_changes.override(scope, vips.id, some, draw.choice([Override.INCLUDE, None]))

    async def delete_or_restore():
        if (scope.workspace_id, static.id) in await backfill.waiting():
            await segments.backfill_step(scope, static.id)
        elif await segments.find(scope, static.id):
            await segments.delete(scope, static.id, force=True)
        else:
            await segments.restore(scope, static.id)

    async def run_engine():
        await settled(scope, limit=3)
        await audit.step(scope.workspace_id, 2)

    async def repeat(step):
        while busy:
            await tried(step)

    async def tried(step):
        try:
            await step()
        except DomainError:  # the segment is deleted just now
            await asyncio.sleep(0.002)
        except db.Busy:  # SQL locks in any order
            pass

    steps = change_by_hand, delete_or_restore, run_engine
    others = [asyncio.create_task(repeat(step), context=Context()) for step in steps]
    await asyncio.gather(*(asyncio.create_task(tried(operate), context=Context()) for _ in range(2)))
    busy = False
    await asyncio.gather(*others)
    while (scope.workspace_id, static.id) in await backfill.waiting():
        await segments.backfill_step(scope, static.id)
    if await segments.find(scope, static.id) is None:
        await segments.restore(scope, static.id)
    while (scope.workspace_id, static.id) in await backfill.waiting():
        await segments.backfill_step(scope, static.id)
    for workspace_id, segment_id in await builds.wanted():
        await rebuild.rebuild(workspace_id, segment_id)
    await settled(scope)
    await assert_all_is_right(scope)
    assert await db.fetch_value("SELECT count(*) FROM captured_members") == 0
    assert (await replayed_members(scope))[vips.id] == await members_of(scope, vips)
