"""A difference changes members, counts and log together, and only where something really changes."""

from models import clock, db
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.membership import apply
from models.membership.apply import Difference
from tests.kit.segments import members_of, new_contacts, static_segment
from tests.kit.workspaces import new_workspace


async def _write(scope, *differences):
    async with db.transaction():
        append = await apply.begin(scope.workspace_id, clock.now())
        written = [await apply.write(append, difference) for difference in differences]
        return written, await apply.close(append)


def _moves(segment, contact_ids, entered):
    count = len(contact_ids)
    return Difference([segment.id] * count, list(contact_ids), [entered] * count, ["MANUAL"] * count)


async def _count(segment):
    return await db.fetch_value("SELECT member_count FROM segments WHERE id = $1", segment.id)


async def test_a_difference_that_is_written_twice_counts_once(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 3)
    assert await _write(scope, _moves(segment, ids, True)) == ([3], 3)
    assert await _write(scope, _moves(segment, ids, True)) == ([0], None)
    assert await members_of(scope, segment) == set(ids)
    assert await _count(segment) == 3


async def test_one_member_is_written_as_several_are(database):
    scope = await new_workspace()
    segment, other = await static_segment(scope), await static_segment(scope)
    (one,) = await new_contacts(scope, 1)
    enters, leaves = _moves(segment, [one], True), _moves(segment, [one], False)
    assert await _write(scope, enters) == ([1], 1)
    assert await _write(scope, enters) == ([0], None)
    assert (await members_of(scope, segment), await _count(segment)) == ({one}, 1)
    assert await _write(scope, _moves(other, [one], True), leaves) == ([1, 1], 3)
    assert await _write(scope, leaves) == ([0], None)
    assert (await members_of(scope, segment), await _count(segment), await _count(other)) == (set(), 0, 1)
    entries = (await read_page(scope, MEMBERS, None, 10)).entries
    assert [(entry.position, entry.kind, entry.contact_id, entry.origin) for entry in entries] == [
        (1, "ENTERED", one, "MANUAL"),
        (2, "ENTERED", one, "MANUAL"),
        (3, "LEFT", one, "MANUAL"),
    ]


async def test_several_differences_of_a_transaction_are_one_append_in_their_order(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    one, two = await new_contacts(scope, 2)
    written, position = await _write(scope, _moves(segment, [one, two], True), _moves(segment, [one], False))
    assert (written, position) == ([2, 1], 3)
    entries = (await read_page(scope, MEMBERS, None, 10)).entries
    assert [(entry.position, entry.kind) for entry in entries] == [(1, "ENTERED"), (2, "ENTERED"), (3, "LEFT")]
    assert await _count(segment) == 1


async def test_only_contacts_that_no_longer_exist_are_removed(database):
    scope = await new_workspace()
    ids = await new_contacts(scope, 2)
    segment, left = await static_segment(scope, ids), await static_segment(scope, ids)
    async with db.transaction():
        await db.execute("SET LOCAL muster.capture = 'off'")
        await db.execute("DELETE FROM contacts WHERE id = $1", ids[0])
        append = await apply.begin(scope.workspace_id, clock.now())
        assert await apply.remove_deleted(append, ids, [left.id]) == 1
        await apply.close(append)
    assert await members_of(scope, segment) == {ids[1]}
    assert await members_of(scope, left) == set(ids)


def test_only_the_wanted_rows_of_a_difference_are_kept():
    difference = Difference([1, 2, 3], [10, 20, 30], [True, False, True], ["RULE", "MANUAL", "RULE"])
    assert difference.only([True, False, True]) == Difference([1, 3], [10, 30], [True, True], ["RULE", "RULE"])
