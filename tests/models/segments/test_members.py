"""Members put in and taken out by ids, rule, search or segment; at once, or by a job; held in or out; listed."""

import pytest

from models import db
from models.accounts import workspaces
from models.contacts import selections
from models.contacts.selections import ContactSelection
from models.errors import Invalid, LimitExceeded, NotFound, Problems, Required, Unsupported
from models.membership.origins import Override
from models.queue import jobs, running_jobs
from models.queue.leases import LeaseLost
from models.segments import members, segments
from models.segments.members import MemberAction
from models.segments.segments import SegmentKind
from permissions.principal import Scope
from tests.kit.segments import (
    TAGGED_VIP,
    dynamic_segment,
    many_contacts,
    members_of,
    new_contacts,
    replayed,
    static_segment,
)


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


async def add(scope: Scope, segment, **selection) -> int:
    return (await members.change(scope, segment.id, MemberAction.ADD, ContactSelection(**selection))).changed


async def remove(scope: Scope, segment, **selection) -> int:
    return (await members.change(scope, segment.id, MemberAction.REMOVE, ContactSelection(**selection))).changed


async def test_contacts_are_added_by_ids_and_only_new_ones_count(scope):
    ids = await new_contacts(scope, 3)
    segment = await static_segment(scope, ids[:1])
    assert await add(scope, segment, ids=(*ids, ids[1])) == 2
    assert await add(scope, segment, ids=tuple(ids)) == 0
    assert await members_of(scope, segment) == set(ids)
    assert await db.fetch_value("SELECT count(*) FROM audit_log WHERE action = 'segment_contacts_add'") == 1


async def test_contacts_are_added_by_a_rule(scope):
    vips = await new_contacts(scope, 2, tags=["vip"])
    await new_contacts(scope, 1)
    segment = await static_segment(scope)
    assert await add(scope, segment, filter=TAGGED_VIP) == 2
    assert await members_of(scope, segment) == set(vips)


async def test_contacts_are_added_by_a_search_which_takes_wildcards_literally(scope):
    found = await new_contacts(scope, 1, name="Ána 100%_sure", email="ana@example.com")
    await new_contacts(scope, 1, name="Ana 100 and sure")
    segment = await static_segment(scope)
    assert await add(scope, segment, search=" 100%_SURE ") == 1
    assert await members_of(scope, segment) == set(found)
    assert await remove(scope, segment, search="ANA@EXAMPLE") == 1


async def test_contacts_are_added_and_removed_by_another_segment(scope):
    ids = await new_contacts(scope, 4)
    source, segment = await static_segment(scope, ids[:3]), await static_segment(scope, ids[2:])
    assert await add(scope, segment, segment_id=source.id) == 2
    assert await remove(scope, segment, segment_id=source.id) == 3
    assert await members_of(scope, segment) == {ids[3]}
    assert await remove(scope, segment, segment_id=segment.id) == 1


async def test_a_dynamic_segment_takes_no_manual_members_and_a_static_one_no_override(scope):
    ids = await new_contacts(scope, 1)
    dynamic, static = await dynamic_segment(scope, built=False), await static_segment(scope)
    with pytest.raises(Unsupported, match="use segmentOverride"):
        await add(scope, dynamic, ids=tuple(ids))
    with pytest.raises(Unsupported, match="use segmentContactsAdd"):
        await members.override(scope, static.id, ids, Override.INCLUDE)
    assert await members_of(scope, dynamic) == await members_of(scope, static) == set()


async def test_another_workspaces_contacts_and_segments_are_not_there(scope):
    other = await workspaces.create("Other")
    theirs, their_segment = await new_contacts(other, 1), await static_segment(other)
    segment = await static_segment(scope)
    with pytest.raises(Problems) as caught:
        await add(scope, segment, ids=tuple(theirs))
    assert [(error.code.value, error.path) for error in caught.value.errors] == [
        ("NOT_FOUND", ("contacts", "ids", "0"))
    ]
    with pytest.raises(NotFound) as caught_too:
        await add(scope, segment, segment_id=their_segment.id)
    assert caught_too.value.path == ("contacts", "segmentId")
    with pytest.raises(NotFound):
        await add(scope, their_segment, search="a")


@pytest.mark.parametrize(
    ("selection", "error", "path"),
    [
        ({}, Required, ("contacts",)),
        ({"search": "  "}, Invalid, ("contacts", "search")),
        ({"ids": tuple(range(10_001))}, LimitExceeded, ("contacts", "ids")),
    ],
)
async def test_a_selection_that_says_nothing_or_too_much_is_refused(scope, selection, error, path):
    with pytest.raises(error) as caught:
        await add(scope, await static_segment(scope), **selection)
    assert caught.value.path == path


async def test_a_mistake_in_the_rule_of_a_selection_has_its_path(scope):
    with pytest.raises(Problems) as caught:
        await add(
            scope, await static_segment(scope), filter={"any": [{"field": {"field": "emial", "operator": "IS_SET"}}]}
        )
    assert caught.value.errors[0].path == ("contacts", "filter", "any", "0", "field", "field")


# ---------------------------------------------------------------- large


@pytest.fixture
def small_steps(monkeypatch):
    monkeypatch.setattr(members, "AT_ONCE", 10)
    monkeypatch.setattr(members, "CHUNK", 4)


async def test_a_large_selection_becomes_a_job_that_can_be_stopped_and_go_on(scope, small_steps):
    await many_contacts(scope, 25)
    segment = await static_segment(scope)
    changed = await members.change(scope, segment.id, MemberAction.ADD, ContactSelection(search="contact"))
    assert changed.changed == 0
    job = await running_jobs.take(scope.workspace_id, changed.job.id)
    for done in (4, 8):
        assert await members.process_step(scope, job)
        assert (job.done, job.total) == (done, 25)
    await db.execute("UPDATE jobs SET leased_until = now() - interval '1 second'")
    taken_over = await running_jobs.take(scope.workspace_id, job.id)
    with pytest.raises(LeaseLost):
        await members.process_step(scope, job)
    assert len(await members_of(scope, segment)) == taken_over.done == 8
    job = taken_over
    while await members.process_step(scope, job):
        pass
    assert (job.done, len(await members_of(scope, segment)), len(await replayed(scope, segment))) == (25, 25, 25)


async def test_a_job_counts_the_contacts_it_looked_at_and_those_it_changed(scope, small_steps):
    await many_contacts(scope, 15)
    segment, everybody = await static_segment(scope), ContactSelection(search="contact")
    ids = await selections.ids_after(scope, everybody, 0, 8)
    await add(scope, segment, ids=tuple(ids))
    queued = await members.change(scope, segment.id, MemberAction.ADD, everybody)
    job = await running_jobs.take(scope.workspace_id, queued.job.id)
    while await members.process_step(scope, job):
        pass
    assert (job.done, job.total, job.progress["changed"]) == (15, 15, 7)


async def test_very_many_first_or_copied_members_come_by_a_job(scope, small_steps):
    await many_contacts(scope, 25)
    made = await segments.create(scope, SegmentKind.STATIC, name="Everybody", contacts=EVERYBODY)
    assert (made.segment.member_count, made.job.segment_id) == (0, made.segment.id)
    await done(scope, made.job)
    copy = await segments.duplicate(scope, made.segment.id, "Copy")
    assert (copy.segment.member_count, copy.job.segment_id) == (0, copy.segment.id)
    await done(scope, copy.job)
    assert await members_of(scope, copy.segment) == await members_of(scope, made.segment)
    assert len(await replayed(scope, copy.segment)) == 25


@pytest.mark.parametrize("deleted", ["source", "segment"])
async def test_a_job_whose_segments_are_deleted_fails_and_says_so(scope, small_steps, deleted):
    await many_contacts(scope, 25)
    there = {name: await static_segment(scope, name=name) for name in ("source", "segment")}
    await done(scope, (await members.change(scope, there["source"].id, MemberAction.ADD, EVERYBODY)).job)
    from_source = ContactSelection(segment_id=there["source"].id)
    queued = await members.change(scope, there["segment"].id, MemberAction.ADD, from_source)
    job = await running_jobs.take(scope.workspace_id, queued.job.id)
    assert await members.process_step(scope, job)
    await segments.delete(scope, there[deleted].id)
    with pytest.raises(NotFound, match="deleted"):
        await members.process_step(scope, job)


EVERYBODY = ContactSelection(search="contact")


async def done(scope: Scope, job: jobs.Job | None) -> None:
    """The job, worked off."""
    assert job is not None
    held = await running_jobs.take(scope.workspace_id, job.id)
    assert held is not None
    while await members.process_step(scope, held):
        pass
    await running_jobs.finish(held)


async def test_the_members_of_a_large_segment_are_removed_by_a_job(scope, small_steps):
    await many_contacts(scope, 25)
    segment = await static_segment(scope)
    everybody = ContactSelection(search="contact")
    for change in (MemberAction.ADD, MemberAction.REMOVE):
        queued = await members.change(scope, segment.id, change, everybody)
        job = await running_jobs.take(scope.workspace_id, queued.job.id)
        while await members.process_step(scope, job):
            pass
        assert len(await members_of(scope, segment)) == (25 if change is MemberAction.ADD else 0)


# ---------------------------------------------------------------- held, and listed


async def test_an_override_keeps_contacts_in_or_out_until_it_is_lifted(scope):
    vip, plain = *await new_contacts(scope, 1, tags=["vip"]), *await new_contacts(scope, 1)
    segment = await dynamic_segment(scope)
    assert await members.override(scope, segment.id, [plain], Override.INCLUDE) == 1
    assert await members.override(scope, segment.id, [vip], Override.EXCLUDE) == 1
    assert await members.override(scope, segment.id, [vip], Override.EXCLUDE) == 0
    assert await members_of(scope, segment) == {plain}
    assert await members.override(scope, segment.id, [vip, plain], None) == 2
    assert await members_of(scope, segment) == {vip} == await replayed(scope, segment)


async def test_members_are_listed_newest_contact_first_with_origin_and_moment(scope):
    ids = await new_contacts(scope, 5)
    one, two = await static_segment(scope, ids), await static_segment(scope, ids[:1])
    pages = await members.page_for_each(scope, [one.id, two.id], 2)
    assert [row["id"] for row in pages[one.id]] == [ids[4], ids[3], ids[2]]
    assert [row["id"] for row in pages[two.id]] == [ids[0]]
    assert pages[two.id][0]["origin"] == "API"
    rest = await members.page_for_each(scope, [one.id], 10, ids[3])
    assert [row["id"] for row in rest[one.id]] == [ids[2], ids[1], ids[0]]


async def test_members_are_searched(scope):
    ids = [*await new_contacts(scope, 1, name="Ana"), *await new_contacts(scope, 1, name="Luis")]
    segment = await static_segment(scope, ids)
    pages = await members.page_for_each(scope, [segment.id], 10, search="LUI")
    assert [row["id"] for row in pages[segment.id]] == ids[1:]
    assert await members.count_found(scope, segment.id, "lui") == 1
