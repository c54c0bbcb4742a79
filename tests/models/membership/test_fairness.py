"""Floods come after what people do, and a slice is as long as anybody waits."""

import pytest

from models import clock, db
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.delete import delete_contacts
from models.contacts.tagging import add_tags
from models.membership import batches, dirty_contacts
from models.messaging import history
from models.messaging.history import Happening
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import dynamic_segment, members_of, new_contacts
from tests.kit.workspaces import new_workspace

MANY = dirty_contacts.MANY + 1


@pytest.fixture
async def scope(database):
    return await new_workspace()


async def test_an_edit_is_taken_in_with_the_next_slice_whatever_flood_it_comes_in(scope):
    vips = await dynamic_segment(scope)
    flood = await new_contacts(scope, 600)
    await settled(scope)
    for start in range(0, 600, 200):
        await activities.record(scope, [NewActivity("visit", one) for one in flood[start : start + 200]])
        if start == 200:
            await add_tags(scope, [flood[-1]], ["vip"])
    await batches.process_batch(scope.workspace_id, 50)
    assert await members_of(scope, vips) == {flood[-1]}
    await settled(scope)
    await assert_all_is_right(scope)


async def test_what_is_written_about_many_contacts_at_once_is_bulk_and_what_follows_it_is_not(scope):
    many = await new_contacts(scope, MANY)
    await _forget_marks()
    await add_tags(scope, many, ["vip"])
    assert await _marked(scope) == {True: MANY}
    await add_tags(scope, many[:3], ["regular"])
    assert await _marked(scope) == {True: MANY, False: 3}
    await _forget_marks()
    await delete_contacts(scope, many)
    assert await _marked(scope) == {True: MANY}


async def test_what_became_of_messages_is_bulk_and_what_people_write_is_not(scope):
    one, two = await new_contacts(scope, 2)
    await _forget_marks()
    async with db.transaction():
        await history.record(scope.workspace_id, [_happening(one, "message.delivered")])
        await history.record(scope.workspace_id, [_happening(two, "message.received")])
    rows = await db.fetch("SELECT contact_id, bulk FROM dirty_contacts ORDER BY contact_id")
    assert [tuple(row) for row in rows] == [(one, True), (two, False)]


def _happening(contact_id, kind):
    return Happening(contact_id, kind, clock.now(), f"{kind}:{contact_id}", {})


async def _forget_marks():
    await db.execute("DELETE FROM dirty_contacts")


async def _marked(scope):
    rows = await db.fetch("SELECT bulk, count(DISTINCT contact_id) AS contacts FROM dirty_contacts GROUP BY bulk")
    return {row["bulk"]: row["contacts"] for row in rows}
