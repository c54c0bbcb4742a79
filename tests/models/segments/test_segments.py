"""Segments: made, changed under their version, copied, deleted, restored, purged."""

import asyncio
from contextvars import Context
from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.accounts import workspaces
from models.contacts import fields
from models.contacts.delete import delete_contacts
from models.contacts.selections import ContactSelection
from models.errors import Conflict, InUse, NotAllowedInState, NotFound, Problems
from models.membership import batches, rebuild
from models.membership.origins import Override
from models.rules.tree import FieldType
from models.segments import members, segments, uses
from models.segments.members import MemberAction
from models.segments.segments import SegmentKind
from models.segments.uses import UseKind
from permissions.principal import Scope
from tests.kit.engine import plus_segment, settled
from tests.kit.segments import (
    TAGGED_VIP,
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
    return await workspaces.create("Clinic", timezone="Europe/Madrid")


async def problems_of(coroutine) -> list[tuple[str, tuple[str, ...]]]:
    """What is wrong, as (code, path)."""
    with pytest.raises(Problems) as caught:
        await coroutine
    return [(error.code.value, error.path) for error in caught.value.errors]


# ---------------------------------------------------------------- made


async def test_a_static_segment_is_made_with_its_first_members(scope):
    ids = await new_contacts(scope, 3)
    segment = await static_segment(scope, ids[:2])
    assert (segment.status, segment.version, segment.member_count) == ("READY", 1, 2)
    assert await members_of(scope, segment) == set(ids[:2]) == await replayed(scope, segment)


async def test_a_dynamic_segment_is_building_until_its_members_are_computed(scope):
    vips = await new_contacts(scope, 2, tags=["VIP"])
    await new_contacts(scope, 1)
    made = await segments.create(scope, SegmentKind.DYNAMIC, name="VIPs", rule=TAGGED_VIP)
    assert (made.segment.status, list(made.building)) == ("BUILDING", [made.segment.id])
    await rebuild.rebuild(scope.workspace_id, made.segment.id)
    segment = await segments.get(scope, made.segment.id)
    assert (segment.status, segment.member_count) == ("READY", 2)
    assert await members_of(scope, segment) == set(vips)


async def test_names_are_trimmed_and_need_not_be_unique(scope):
    one, two = [(await segments.create(scope, SegmentKind.STATIC, name="  Regulars ")).segment for _ in range(2)]
    assert one.name == two.name == "Regulars"


@pytest.mark.parametrize(
    ("kind", "given", "wrong"),
    [
        ("STATIC", {"name": "  "}, ("INVALID", ("name",))),
        ("STATIC", {"name": "x" * 201}, ("INVALID", ("name",))),
        ("STATIC", {"name": "x", "description": "x" * 2_001}, ("INVALID", ("description",))),
        ("STATIC", {"name": "x", "rule": TAGGED_VIP}, ("UNSUPPORTED", ("rule",))),
        ("DYNAMIC", {"name": "x"}, ("REQUIRED", ("rule",))),
        ("DYNAMIC", {"name": "x", "rule": {"all": []}}, ("INVALID", ("rule", "all"))),
        (
            "DYNAMIC",
            {"name": "x", "rule": {"not": {"activity": {"kind": "purchase", "operator": "GT", "value": 1}}}},
            ("UNSUPPORTED", ("rule", "not", "activity")),
        ),
        (
            "DYNAMIC",
            {"name": "x", "rule": TAGGED_VIP, "contacts": ContactSelection(search="a")},
            ("UNSUPPORTED", ("contacts",)),
        ),
        ("STATIC", {"name": "x", "contacts": ContactSelection(ids=(7,))}, ("NOT_FOUND", ("contacts", "ids", "0"))),
    ],
)
async def test_invalid_input_is_refused_with_its_path_and_nothing_is_created(scope, kind, given, wrong):
    assert await problems_of(segments.create(scope, SegmentKind(kind), **given)) == [wrong]
    assert await db.fetch_value("SELECT count(*) FROM segments") == 0
    assert await db.fetch_value("SELECT count(*) FROM audit_log") == 0


async def test_all_errors_are_reported_at_once(scope):
    wrong = await problems_of(segments.create(scope, SegmentKind.DYNAMIC, name="", rule=None))
    assert wrong == [("INVALID", ("name",)), ("REQUIRED", ("rule",))]


async def test_another_workspaces_segment_cannot_be_mentioned_or_found(scope):
    other = await workspaces.create("Other")
    theirs = await static_segment(other)
    assert await segments.find(scope, theirs.id) is None
    wrong = await problems_of(segments.create(scope, SegmentKind.DYNAMIC, name="x", rule=in_segment(theirs)))
    assert wrong == [("NOT_FOUND", ("rule", "segment", "segmentId"))]
    for change in (segments.update(scope, theirs.id, {"name": "y"}), segments.delete(scope, theirs.id)):
        with pytest.raises(NotFound):
            await change


# ---------------------------------------------------------------- changed


async def test_only_changes_of_settings_increase_the_version(scope):
    segment = await dynamic_segment(scope)
    same = {"name": "VIPs", "description": None, "rule": TAGGED_VIP}
    assert (await segments.update(scope, segment.id, same)).segment.version == 1
    renamed = await segments.update(scope, segment.id, {"name": "Best", "description": "All of them"}, version=1)
    assert (renamed.segment.version, renamed.segment.status, list(renamed.building)) == (2, "READY", [])
    audits = await db.fetch("SELECT details FROM audit_log WHERE action = 'segment_update'")
    assert [db.load_json(row["details"]) for row in audits] == [{"fields": ["name", "description"]}]


async def test_a_lost_update_is_a_conflict(scope):
    segment = await static_segment(scope)
    changes = [segments.update(scope, segment.id, {"name": f"name {n}"}, version=1) for n in range(5)]
    results = await asyncio.gather(*changes, return_exceptions=True)
    conflicts = [result for result in results if isinstance(result, Conflict)]
    assert len(conflicts) == 4
    assert conflicts[0].path == ("version",)
    assert (await segments.get(scope, segment.id)).version == 2


async def test_a_new_rule_is_computed_beside_the_old_one(scope):
    vips = await new_contacts(scope, 2, tags=["vip"])
    silver = await new_contacts(scope, 1, tags=["silver"])
    segment = await dynamic_segment(scope)
    changed = await segments.update(scope, segment.id, {"rule": {"tags": {"operator": "HAS_ANY", "tags": ["silver"]}}})
    assert (changed.segment.status, changed.segment.rule_version, list(changed.building)) == (
        "BUILDING",
        2,
        [segment.id],
    )
    assert await members_of(scope, segment) == set(vips)
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await members_of(scope, segment) == set(silver) == await replayed(scope, segment)


async def test_a_static_segment_gets_no_rule_and_a_dynamic_one_does_not_lose_it(scope):
    static, dynamic = await static_segment(scope), await dynamic_segment(scope)
    assert await problems_of(segments.update(scope, static.id, {"rule": TAGGED_VIP})) == [("UNSUPPORTED", ("rule",))]
    assert await problems_of(segments.update(scope, dynamic.id, {"rule": None})) == [("REQUIRED", ("rule",))]
    assert (await segments.update(scope, static.id, {"rule": None})).segment.version == 1


async def test_two_edits_at_once_never_make_a_cycle(scope):
    one, two = await dynamic_segment(scope, name="one"), await dynamic_segment(scope, name="two")
    edits = [segments.update(scope, a.id, {"rule": in_segment(b)}) for a, b in ((one, two), (two, one))]
    results = await asyncio.gather(*edits, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Problems", "SegmentOutcome"]


async def test_a_change_of_a_rule_does_not_block_other_work(scope):
    """Not even while its transaction is open: what all of them come to, the epoch of the rules, is not locked by it."""
    one, two = await dynamic_segment(scope, name="one"), await dynamic_segment(scope, name="two")
    async with db.transaction():
        await db.execute("UPDATE segments SET rule_version = rule_version + 1 WHERE id = $1", one.id)
        async with asyncio.timeout(5):
            await asyncio.create_task(segments.update(scope, two.id, {"rule": {"not": TAGGED_VIP}}), context=Context())
    assert (await segments.get(scope, two.id)).rule_version == 2


# ---------------------------------------------------------------- copied


async def test_a_copy_of_a_static_segment_has_its_members(scope):
    ids = await new_contacts(scope, 3)
    copy = (await segments.duplicate(scope, (await static_segment(scope, ids)).id, " Copy ")).segment
    assert (copy.name, copy.member_count, copy.version) == ("Copy", 3, 1)
    assert await members_of(scope, copy) == set(ids)


async def test_a_copy_of_a_dynamic_segment_has_its_rule_its_overrides_and_so_its_members(scope):
    vip, also_vip, plain = *await new_contacts(scope, 2, tags=["vip"]), *await new_contacts(scope, 1)
    segment = await dynamic_segment(scope)
    await members.override(scope, segment.id, [vip], Override.EXCLUDE)
    await members.override(scope, segment.id, [plain], Override.INCLUDE)
    await batches.process_batch(scope.workspace_id, 100)
    copy = await segments.duplicate(scope, segment.id, "Copy")
    assert await db.fetch_value("SELECT count(*) FROM dirty_contacts") == 0
    await rebuild.rebuild(scope.workspace_id, copy.segment.id)
    assert await members_of(scope, copy.segment) == {also_vip, plain} == await members_of(scope, segment)


# ---------------------------------------------------------------- deleted and restored


async def test_a_deletion_removes_the_segment_and_never_a_contact(scope):
    ids = await new_contacts(scope, 2)
    segment = await static_segment(scope, ids)
    await segments.delete(scope, segment.id)
    assert await segments.find(scope, segment.id) is None
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 2
    assert await replayed(scope, segment) == set()
    with pytest.raises(NotFound):
        await segments.delete(scope, segment.id)


async def test_a_segment_in_use_is_deleted_only_by_force_and_the_refusal_names_the_uses(scope):
    segment = await static_segment(scope)
    await dynamic_segment(scope, in_segment(segment), name="Builds on it")
    async with db.transaction():
        await uses.register(scope, [segment.id], UseKind.BROADCAST, 5, "June news")
        await uses.register(scope, [segment.id], UseKind.EXPORT, 6, "an old export", active=False)
    with pytest.raises(InUse, match='segment "Builds on it", broadcast "June news":'):
        await segments.delete(scope, segment.id)
    assert await segments.find(scope, segment.id) is not None
    await segments.delete(scope, segment.id, force=True)
    assert await segments.find(scope, segment.id) is None


async def test_readers_of_a_deleted_segment_are_rebuilt_and_rebuilt_after_its_restore(scope):
    ids = await new_contacts(scope, 2)
    segment = await static_segment(scope, ids)
    dependent = await dynamic_segment(scope, in_segment(segment), name="Builds on it")
    assert await members_of(scope, dependent) == set(ids)
    assert list((await segments.delete(scope, segment.id, force=True)).building) == [dependent.id]
    await rebuild.rebuild(scope.workspace_id, dependent.id)
    assert await members_of(scope, dependent) == set() == await replayed(scope, dependent)
    restored = await segments.restore(scope, segment.id)
    assert list(restored.building) == [dependent.id]
    await rebuild.rebuild(scope.workspace_id, dependent.id)
    assert await members_of(scope, dependent) == set(ids) == await replayed(scope, dependent)


async def test_readers_copied_or_restored_during_a_deletion_are_rebuilt_after_the_restore(scope):
    ids = await new_contacts(scope, 2)
    segment = await static_segment(scope, ids)
    reader = await dynamic_segment(scope, in_segment(segment), name="Builds on it")
    await segments.delete(scope, segment.id, force=True)
    copy = (await segments.duplicate(scope, reader.id, "Copy")).segment
    await segments.delete(scope, reader.id)
    await segments.restore(scope, reader.id)
    for one in (reader, copy):
        await rebuild.rebuild(scope.workspace_id, one.id)
        assert await members_of(scope, one) == set()
    assert sorted((await segments.restore(scope, segment.id)).building) == [reader.id, copy.id]
    for one in (reader, copy):
        await rebuild.rebuild(scope.workspace_id, one.id)
        assert await members_of(scope, one) == set(ids) == await replayed(scope, one)
    with pytest.raises(InUse, match='segment "Builds on it", segment "Copy"'):
        await segments.delete(scope, segment.id)


async def test_a_rule_that_names_a_deleted_field_is_restored_after_the_field(scope):
    field = await fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    rule = {"field": {"field": "attributes.city", "operator": "EQUALS", "value": "Paris"}}
    segment = await dynamic_segment(scope, rule)
    with pytest.raises(InUse, match="VIPs"):
        await fields.delete(scope, field.id)
    await segments.delete(scope, segment.id)
    await fields.delete(scope, field.id)
    with pytest.raises(NotAllowedInState, match=r"no longer there: there is no field .*attributes.city") as caught:
        await segments.restore(scope, segment.id)
    assert caught.value.path == ("id",)
    await fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    assert (await segments.restore(scope, segment.id)).segment.deleted_at is None


async def test_a_field_is_deleted_or_named_by_a_rule_and_never_both(scope):
    for round_ in range(10):
        field = await fields.create(scope, key=f"f{round_}", label="F", kind=FieldType.TEXT)
        rule = {"field": {"field": f"attributes.f{round_}", "operator": "IS_SET"}}

        async def speak(rule: dict = rule, wait: float = round_ / 1000) -> None:
            await asyncio.sleep(wait)
            await segments.create(scope, SegmentKind.DYNAMIC, name="x", rule=rule)

        outcomes = await asyncio.gather(fields.delete(scope, field.id), speak(), return_exceptions=True)
        assert [isinstance(outcome, Exception) for outcome in outcomes].count(True) == 1, outcomes


async def test_a_static_segment_is_restored_without_deleted_contacts(scope):
    ids = await new_contacts(scope, 3)
    segment = await static_segment(scope, ids)
    await segments.delete(scope, segment.id)
    await delete_contacts(scope, [ids[0]])
    await batches.process_batch(scope.workspace_id, 100)
    restored = (await segments.restore(scope, segment.id)).segment
    assert (restored.deleted_at, restored.status, restored.member_count) == (None, "READY", 2)
    assert await members_of(scope, segment) == set(ids[1:]) == await replayed(scope, segment)


async def test_a_dynamic_segment_is_restored_with_the_right_members(scope):
    vips = await new_contacts(scope, 2, tags=["vip"])
    segment = await dynamic_segment(scope)
    await segments.delete(scope, segment.id)
    assert await replayed(scope, segment) == set()
    late = await new_contacts(scope, 1, tags=["vip"])
    restored = await segments.restore(scope, segment.id)
    assert (restored.segment.status, list(restored.building)) == ("BUILDING", [segment.id])
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await members_of(scope, segment) == {*vips, *late} == await replayed(scope, segment)


async def test_only_what_is_deleted_can_be_restored_and_only_for_thirty_days(scope):
    segment = await static_segment(scope)
    with pytest.raises(NotAllowedInState):
        await segments.restore(scope, segment.id)
    await segments.delete(scope, segment.id)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=30, seconds=1))
    with pytest.raises(NotFound, match="more than 30 days ago"):
        await segments.restore(scope, segment.id)


async def test_a_restored_rule_never_makes_a_cycle(scope):
    base = await dynamic_segment(scope, name="base")
    middle = await dynamic_segment(scope, in_segment(base), name="middle")
    await segments.delete(scope, middle.id)
    top = await dynamic_segment(scope, TAGGED_VIP, name="top")
    await segments.update(scope, base.id, {"rule": in_segment(top)})
    await segments.restore(scope, middle.id)
    with pytest.raises(Problems, match="cannot depend on itself: top -> middle -> base -> top"):
        await segments.update(scope, top.id, {"rule": in_segment(middle)})


async def test_nobody_joins_a_segment_that_is_being_deleted(scope):
    ids = await new_contacts(scope, 20)
    segment = await static_segment(scope)
    adding = [
        members.change(scope, segment.id, MemberAction.ADD, ContactSelection(ids=(contact_id,))) for contact_id in ids
    ]
    await asyncio.gather(*adding[:10], segments.delete(scope, segment.id), *adding[10:], return_exceptions=True)
    await backfill_all(scope, segment)
    assert await replayed(scope, segment) == set()


def opened(value):
    where = [{"property": "opened", "operator": "EQUALS", "value": value}]
    return {"activity": {"kind": "message", "where": where, "operator": "GTE", "value": 1}}


async def _message(scope, contact_id, opened):
    await db.execute(
        "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)"
        " VALUES ($1, $2, 'message', now(), $3)",
        scope.workspace_id,
        contact_id,
        db.dump_json({"opened": opened}),
    )


async def test_a_change_from_one_to_true_is_a_change(database):
    scope = await new_workspace()
    one, true, late = await new_contacts(scope, 3)
    await _message(scope, one, 1)
    await _message(scope, true, True)
    segment = await plus_segment(scope, opened(1))
    await settled(scope)
    assert await members_of(scope, segment) == {one}
    edited = await segments.update(scope, segment.id, {"rule": opened(True)})
    assert list(edited.building) == [segment.id]
    await rebuild.rebuild(scope.workspace_id, segment.id)
    await _message(scope, late, True)
    await settled(scope)
    assert await members_of(scope, segment) == {true, late}
