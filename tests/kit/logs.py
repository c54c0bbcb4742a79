"""Logs in tests: members that enter, and a log that is old enough to be dropped."""

from datetime import timedelta

import pytest

from models import clock
from models.changelog import retention
from models.changelog.members import MEMBERS
from models.membership import manual_changes
from models.membership.origins import Origin
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace


async def entered(scope, segment, *ids):
    """Put these contacts into a STATIC segment: one append of so many changes."""
    await manual_changes.change_members(scope, segment.id, add=ids, origin=Origin.MANUAL)


@pytest.fixture
async def months_ago(database):
    """A workspace whose clock stands far back: what is logged can be dropped at once."""
    now = clock.now()
    clock.set_source(lambda: now - timedelta(days=100))
    return await new_workspace()


async def drop_the_log():
    """Drop all that was logged months ago; from here on it is now."""
    clock.set_source(None)
    assert await retention.drop_older_than(timedelta(days=90), MEMBERS) > 0


@pytest.fixture
async def old_changes(database):
    """Nine changes of two segments that are about to be dropped, and three that are not."""
    scope = await new_workspace()
    segments = [await static_segment(scope), await static_segment(scope)]
    ids = await new_contacts(scope, 12)
    now = clock.now()
    for number, contact_id in enumerate(ids):
        clock.set_source(lambda number=number: now - timedelta(days=100 if number < 9 else 1))
        await manual_changes.change_members(scope, segments[number % 2].id, add=[contact_id], origin=Origin.MANUAL)
    clock.set_source(lambda: now)
    return scope, segments
