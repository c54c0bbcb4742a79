"""Large segments are deleted and restored in steps, and each exit and entry is logged once."""

import asyncio
from contextvars import Context

import pytest

from models import db
from models.accounts import workspaces
from models.changelog import append as log_append
from models.contacts import fields
from models.contacts.delete import delete_contacts
from models.contacts.selections import ContactSelection
from models.errors import InUse, NotFound
from models.membership import backfill, batches, builds, rebuild
from models.membership.origins import ChangeKind
from models.rules.tree import FieldType
from models.segments import members as segment_contacts
from models.segments import segments, uses
from models.segments.members import MemberAction
from models.segments.segments import Segment
from permissions.principal import Scope
from tests.kit.engine import replayed_members, settled, stored_members
from tests.kit.segments import (
    backfill_all,
    dynamic_segment,
    in_segment,
    members_of,
    new_contacts,
    replayed,
    static_segment,
)
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


@pytest.fixture(autouse=True)
def _four_at_once(monkeypatch) -> None:
    monkeypatch.setattr(backfill, "AT_ONCE", 4)


async def half_deleted(scope: Scope) -> tuple[Segment, list[int]]:
    """A deleted segment of ten members; the exits of the first four are logged."""
    ids = await new_contacts(scope, 10)
    segment = await static_segment(scope, ids)
    outcome = await segments.delete(scope, segment.id)
    assert outcome.backfilling
    return segment, ids


async def stored(segment: Segment) -> Segment:
    return await Segment.get(id=segment.id)


async def test_a_large_segment_is_deleted_at_once_and_its_exits_are_logged_in_steps(scope):
    segment, ids = await half_deleted(scope)
    assert await segments.find(scope, segment.id) is None
    assert await replayed(scope, segment) == set(ids[4:])
    assert await backfill.waiting() == [(scope.workspace_id, segment.id)]
    assert await segments.backfill_step(scope, segment.id)
    assert await replayed(scope, segment) == set(ids[8:])
    await backfill_all(scope, segment)
    assert await replayed(scope, segment) == set()
    assert await backfill.waiting() == []
    assert await segments.backfill_step(scope, segment.id) is None


async def test_a_large_segment_is_restored_when_all_entries_are_logged(scope):
    segment, ids = await half_deleted(scope)
    await backfill_all(scope, segment)
    asked = await segments.restore(scope, segment.id)
    assert (asked.backfilling, asked.segment.status, asked.segment.deleted_at is not None) == (True, "BUILDING", True)
    assert await segments.find(scope, segment.id) is None
    assert (await segments.restore(scope, segment.id)).backfilling  # asking again does no harm
    await backfill_all(scope, segment)
    back = await segments.get(scope, segment.id)
    assert (back.status, back.member_count, back.restore_asked_at) == ("READY", 10, None)
    assert await members_of(scope, segment) == set(ids) == await replayed(scope, segment)
    assert await backfill.waiting() == []


async def test_members_not_yet_logged_have_no_entry_after_an_undone_deletion(scope):
    segment, ids = await half_deleted(scope)
    await segments.restore(scope, segment.id)
    await backfill_all(scope, segment)
    assert await replayed(scope, segment) == set(ids)
    told = await db.fetch("SELECT contact_id FROM membership_changes WHERE kind = 'LEFT' ORDER BY contact_id")
    assert [row["contact_id"] for row in told] == ids[:4]


async def test_the_exit_of_a_contact_deleted_meanwhile_is_logged_once(scope):
    segment, ids = await half_deleted(scope)
    await delete_contacts(scope, [ids[1], ids[6]])
    await batches.process_batch(scope.workspace_id, 100)
    assert await replayed(scope, segment) == set(ids[4:]) - {ids[6]}
    await segments.restore(scope, segment.id)
    await backfill_all(scope, segment)
    left = set(ids) - {ids[1], ids[6]}
    assert await members_of(scope, segment) == left == await replayed(scope, segment)
    assert (await stored(segment)).member_count == 8


async def test_the_exit_of_a_member_removed_in_sql_meanwhile_is_logged_once(scope):
    segment, ids = await half_deleted(scope)
    await db.execute("DELETE FROM memberships WHERE contact_id = ANY ($1::bigint[])", [ids[1], ids[6]])
    await settled(scope)
    assert await replayed(scope, segment) == set(ids[4:]) - {ids[6]}
    await backfill_all(scope, segment)
    assert await replayed(scope, segment) == set()
    await segments.restore(scope, segment.id)
    await backfill_all(scope, segment)
    assert await members_of(scope, segment) == set(ids) - {ids[1], ids[6]} == await replayed(scope, segment)


async def test_a_step_that_dies_logs_nothing_and_is_repeated(scope, monkeypatch):
    segment, ids = await half_deleted(scope)
    close = log_append.close

    async def dying(append):
        await close(append)
        raise OSError("the worker is gone")

    monkeypatch.setattr(log_append, "close", dying)
    with pytest.raises(OSError, match="gone"):
        await segments.backfill_step(scope, segment.id)
    monkeypatch.setattr(log_append, "close", close)
    assert await replayed(scope, segment) == set(ids[4:])
    await backfill_all(scope, segment)
    assert await replayed(scope, segment) == set()


async def test_parallel_backfills_log_each_member_once(scope):
    segment, _ = await half_deleted(scope)
    await asyncio.gather(*(segments.backfill_step(scope, segment.id) for _ in range(5)))
    await backfill_all(scope, segment)
    assert await replayed(scope, segment) == set()


async def test_a_second_backfill_does_not_wait(scope):
    segment, ids = await half_deleted(scope)
    async with db.transaction():
        await db.advisory_lock(f"muster:segments:{scope.workspace_id}")
        async with asyncio.timeout(5):
            assert await asyncio.create_task(segments.backfill_step(scope, segment.id), context=Context()) is None
    assert await replayed(scope, segment) == set(ids[4:])


async def test_a_segment_deleted_during_a_swap_is_backfilled_later(scope):
    ids = await new_contacts(scope, 2, tags=["vip"])
    segment = await dynamic_segment(scope)
    exchanged, over = asyncio.Event(), asyncio.Event()

    async def exchange() -> None:
        async with db.transaction():
            await db.advisory_lock(builds.swap_lock(scope.workspace_id, segment.id))
            exchanged.set()
            await over.wait()

    exchanging = asyncio.create_task(exchange())
    await exchanged.wait()
    assert (await segments.delete(scope, segment.id)).backfilling
    assert await segments.backfill_step(scope, segment.id) is None
    assert await replayed(scope, segment) == set(ids)
    over.set()
    await exchanging
    await backfill_all(scope, segment)
    assert await replayed(scope, segment) == set()


async def test_a_restored_rule_is_rebuilt_and_so_are_its_readers(scope):
    await new_contacts(scope, 9, tags=["vip"])
    segment = await dynamic_segment(scope)
    reader = await dynamic_segment(scope, in_segment(segment), name="Builds on it")
    assert list((await segments.delete(scope, segment.id, force=True)).building) == [reader.id]
    await rebuild.rebuild(scope.workspace_id, reader.id)
    await backfill_all(scope, segment)
    await new_contacts(scope, 1, tags=["vip"])
    assert list((await segments.restore(scope, segment.id)).building) == []
    building = await backfill_all(scope, segment)
    assert building == [segment.id, reader.id]
    back = await segments.get(scope, segment.id)
    assert (back.status, back.active_version) == ("BUILDING", 0)  # of nobody is it said that the rule holds for him now
    for segment_id in building:
        await rebuild.rebuild(scope.workspace_id, segment_id)
    await batches.process_batch(scope.workspace_id, 100)
    for one in (segment, reader):
        assert len(await members_of(scope, one)) == 10 == len(await replayed(scope, one))
    assert [use.used_by_id for use in await uses.in_use(scope, segment.id)] == [reader.id]


async def test_a_custom_field_of_a_restored_rule_is_in_use(scope):
    field = await fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    await new_contacts(scope, 5, attributes={"city": "Paris"})
    rule = {"field": {"field": "attributes.city", "operator": "EQUALS", "value": "Paris"}}
    segment = await dynamic_segment(scope, rule, name="Parisians")
    await segments.delete(scope, segment.id)
    await backfill_all(scope, segment)
    await segments.restore(scope, segment.id)
    with pytest.raises(InUse, match="Parisians"):
        await fields.delete(scope, field.id)


async def test_nobody_enters_a_segment_during_its_backfill(scope):
    segment, ids = await half_deleted(scope)
    await backfill_all(scope, segment)
    await segments.restore(scope, segment.id)
    with pytest.raises(NotFound):
        await segment_contacts.change(scope, segment.id, MemberAction.ADD, ContactSelection(ids=tuple(ids)))


async def test_a_deletion_logs_all_exits_and_a_restore_all_entries(database):
    scope = await new_workspace()
    ids = await new_contacts(scope, 3)
    segment = await static_segment(scope, ids)
    assert (await backfill.backfill(scope.workspace_id, segment.id, ChangeKind.LEFT)).members == 3
    assert (await replayed_members(scope))[segment.id] == set()
    assert (await backfill.backfill(scope.workspace_id, segment.id, ChangeKind.ENTERED)).members == 3
    assert await replayed_members(scope) == await stored_members(scope) == {segment.id: set(ids)}
