"""What was written reaches every segment that reads it."""

from models import db
from models.membership import batches
from tests.kit.engine import assert_all_is_right, settled, stored_members
from tests.kit.segments import dynamic_segment, in_segment, members_of, new_contacts
from tests.kit.workspaces import new_workspace


async def test_a_new_contact_enters_the_segments_whose_rules_it_meets(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    contact_id, _ = [*await new_contacts(scope, 1, tags=["VIP"]), *await new_contacts(scope, 1)]
    await settled(scope)
    assert await members_of(scope, vips) == {contact_id}
    await assert_all_is_right(scope)


async def test_a_write_in_sql_counts_like_any_other(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    _, two = await new_contacts(scope, 2)
    await settled(scope)
    await db.execute("UPDATE contacts SET tags = '{Vip}' WHERE id = $1", two)
    await settled(scope)
    assert await members_of(scope, vips) == {two}
    await db.execute("UPDATE contacts SET tags = '{}' WHERE id = $1", two)
    await settled(scope)
    assert await members_of(scope, vips) == set()
    await assert_all_is_right(scope)


async def test_a_deleted_contact_leaves_all_its_segments(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    one, two = await new_contacts(scope, 2, tags=["vip"])
    await settled(scope)
    await db.execute("DELETE FROM contacts WHERE id = $1", one)
    await settled(scope)
    assert await members_of(scope, vips) == {two}
    await assert_all_is_right(scope)


async def test_a_change_reaches_dependent_segments_in_one_batch(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    others = await dynamic_segment(scope, in_segment(vips, member=False), "Others")
    others_of_others = await dynamic_segment(scope, in_segment(others, member=False), "Others of others")
    one, two = await new_contacts(scope, 2, tags=["vip"])
    await settled(scope)
    await db.execute("UPDATE contacts SET tags = '{}' WHERE id = $1", one)
    done = await batches.process_batch(scope.workspace_id, 10)
    assert done.changes == 3
    assert await stored_members(scope) == {vips.id: {two}, others.id: {one}, others_of_others.id: {two}}
    await assert_all_is_right(scope)


async def test_an_edit_made_now_is_processed_before_bulk_and_older_edits(database):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    ids = await new_contacts(scope, 30, tags=["vip"])
    await settled(scope)
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'bulk'")
        await db.execute("UPDATE contacts SET tags = '{}' WHERE id = ANY($1)", ids[:20])
    for contact_id in ids[20:]:
        await db.execute("UPDATE contacts SET tags = '{}' WHERE id = $1", contact_id)
    done = await batches.process_batch(scope.workspace_id, 1)
    assert (done.contacts, done.more) == (2, True), "the newest edit, and the oldest"
    assert await members_of(scope, vips) == {*ids} - {ids[20], ids[-1]}
    while set(ids[20:]) & await members_of(scope, vips):
        assert await members_of(scope, vips) >= set(ids[:20])
        await batches.process_batch(scope.workspace_id, 2)
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_contact_with_many_marks_is_processed_once(database):
    scope = await new_workspace()
    await dynamic_segment(scope)
    one, two = await new_contacts(scope, 2)
    await settled(scope)
    for contact_id, many in ((one, 300), (two, 5)):
        await db.execute(
            "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at)"
            " SELECT $1, $2, 'visit', now() FROM generate_series(1, $3)",
            scope.workspace_id, contact_id, many,
        )  # fmt: skip
    assert await batches.process_batch(scope.workspace_id, 100) == batches.BatchResult(2, 0, True)
    assert await batches.process_batch(scope.workspace_id, 100) == batches.BatchResult(0, 0, False)
