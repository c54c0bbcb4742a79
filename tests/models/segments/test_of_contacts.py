"""The segments that contacts are in."""

from models.segments import of_contacts, segments
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace


async def _ids(scope, contact_ids, limit, **options):
    found = await of_contacts.pages(scope, contact_ids, limit, **options)
    return {contact_id: [row["id"] for row in rows] for contact_id, rows in found.items()}


async def test_each_contact_has_its_segments_page_by_page(database):
    scope = await new_workspace()
    one, two, three = await new_contacts(scope, 3)
    both, more, last = [(await static_segment(scope, ids)).id for ids in ([one, two], [one], [one])]
    assert await _ids(scope, [one, two, three], 2) == {one: [both, more], two: [both], three: []}
    assert await _ids(scope, [one], 2, after=more) == {one: [last]}
    assert await of_contacts.counts(scope, [one, two, three]) == {one: 3, two: 1}


async def test_a_deleted_segment_is_not_listed(database):
    scope = await new_workspace()
    (one,) = await new_contacts(scope, 1)
    segment = await static_segment(scope, [one])
    await segments.delete(scope, segment.id)
    assert await _ids(scope, [one], 2) == {one: []}
    assert await of_contacts.counts(scope, [one]) == {}


async def test_rows_have_the_wanted_columns_and_the_id(database):
    scope = await new_workspace()
    (one,) = await new_contacts(scope, 1)
    await static_segment(scope, [one])
    (row,) = (await of_contacts.pages(scope, [one], 1, names=("origin",)))[one]
    assert set(row.keys()) == {"contact_id", "id", "origin"}
