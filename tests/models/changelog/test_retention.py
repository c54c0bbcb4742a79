"""What is dropped from the logs, and what is said to those who come too late for it."""

from datetime import timedelta

import pytest

from models import clock, db
from models.changelog import events, retention
from models.changelog.events import EVENTS
from models.changelog.members import MEMBERS
from models.changelog.read import LogHead, NotInLog, read_head, read_page
from models.errors import Invalid
from models.membership import manual_changes
from models.membership.origins import Origin
from tests.kit.logs import old_changes
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace

__all__ = ["old_changes"]


async def test_what_is_no_longer_kept_is_refused_and_the_rest_is_read(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 6)
    now = clock.now()
    for days, some in ((100, ids[:2]), (91, ids[2:3]), (89, ids[3:5]), (0, ids[5:])):
        clock.set_source(lambda days=days: now - timedelta(days=days))
        await manual_changes.change_members(scope, segment.id, add=some, origin=Origin.MANUAL)
    assert await retention.drop_older_than(timedelta(days=90), MEMBERS) == 2
    assert await read_head(scope, MEMBERS) == LogHead(6, 3)
    with pytest.raises(Invalid, match="too old"):
        await read_page(scope, MEMBERS, 2, 10)
    assert [change.contact_id for change in (await read_page(scope, MEMBERS, 3, 10)).entries] == ids[3:]
    assert [change.contact_id for change in (await read_page(scope, MEMBERS, None, 10)).entries] == ids[3:]
    assert await db.fetch_value("SELECT count(*) FROM membership_changes") == 3


async def test_parallel_drops_leave_no_gap_after_the_floor(old_changes):
    scope, _ = old_changes
    async with db.transaction():
        await db.execute("UPDATE membership_heads SET floor = 11 WHERE workspace_id = $1", scope.workspace_id)
    await retention.drop_older_than(timedelta(days=90), MEMBERS)
    assert (await read_head(scope, MEMBERS)).floor == 11


async def test_events_are_dropped_like_changes_and_each_log_by_itself(database):
    scope = await new_workspace()
    now = clock.now()
    for days in (100, 1):
        clock.set_source(lambda days=days: now - timedelta(days=days))
        await events.record(scope.workspace_id, events.SegmentDeleted(days, "Old"))
    clock.set_source(None)
    assert await retention.drop_older_than(timedelta(days=90), MEMBERS) == 0
    assert await retention.drop_older_than(timedelta(days=90), EVENTS) == 1
    assert [event.payload.segment_id for event in (await read_page(scope, EVENTS, None, 10)).entries] == [1]
    with pytest.raises(NotInLog, match="the events after it are no longer kept. Begin with a new cursor"):
        await read_page(scope, EVENTS, 0, 10)


async def test_a_bounded_number_of_the_oldest_appends_is_dropped(old_changes):
    scope, _ = old_changes
    assert await retention.drop_older_than(timedelta(days=90), MEMBERS, 4) == 4
    assert await read_head(scope, MEMBERS) == LogHead(12, 4)
    assert [await retention.drop_older_than(timedelta(days=90), MEMBERS, 4) for _ in range(3)] == [4, 1, 0]
