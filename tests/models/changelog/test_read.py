"""The log: in order, without gaps, from any cursor that it still reaches back to."""

import asyncio
from datetime import timedelta

import pytest

from models import clock, db
from models.changelog import members, retention
from models.changelog.cursor import from_cursor, to_cursor
from models.changelog.members import MEMBERS
from models.changelog.read import LogHead, LogPage, read_head, read_next, read_page
from models.errors import Invalid
from models.membership import backfill, manual_changes
from models.membership.origins import ChangeKind, Origin
from tests.kit.engine import assert_all_is_right, replayed_members, settled, stored_members
from tests.kit.segments import dynamic_segment, new_contacts, static_segment
from tests.kit.workspaces import new_workspace


async def test_the_log_is_read_in_pages_that_go_on_where_the_last_one_ended(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 7)
    for some in (ids[:3], ids[3:4], ids[4:]):
        await manual_changes.change_members(scope, segment.id, add=some, origin=Origin.MANUAL)
    read, position, more = [], None, True
    while more:
        page = await read_page(scope, MEMBERS, position, 2)
        assert len(page.entries) <= 2
        read += page.entries
        position, more = page.position, page.more
    assert [change.position for change in read] == [1, 2, 3, 4, 5, 6, 7]
    assert [change.contact_id for change in read] == ids
    assert {(change.kind, change.origin) for change in read} == {("ENTERED", "MANUAL")}
    assert await read_page(scope, MEMBERS, position, 2) == LogPage([], 7, False)


async def test_only_the_segments_asked_for_are_told(database):
    scope = await new_workspace()
    one, other = await static_segment(scope), await static_segment(scope)
    ids = await new_contacts(scope, 4)
    for contact_id in ids:
        await manual_changes.change_members(scope, one.id, add=[contact_id], origin=Origin.MANUAL)
        await manual_changes.change_members(scope, other.id, add=[contact_id], origin=Origin.MANUAL)
    page = await read_page(scope, MEMBERS, None, 3, [other.id])
    assert [change.position for change in page.entries] == [2, 4, 6]
    assert page.more
    page = await read_page(scope, MEMBERS, page.position, 3, [other.id])
    assert [change.position for change in page.entries] == [8]
    assert not page.more
    assert (await read_page(scope, MEMBERS, None, 3, [])).position == 8


async def test_a_large_append_is_read_in_small_pages(database):
    scope = await new_workspace()
    await db.execute("INSERT INTO contacts (workspace_id) SELECT $1 FROM generate_series(1, 3000)", scope.workspace_id)
    await dynamic_segment(scope, {"field": {"field": "score", "operator": "EQUALS", "value": 0}})
    await settled(scope)
    assert len((await replayed_members(scope)).popitem()[1]) == 3000
    page = await read_page(scope, MEMBERS, 1500, 10)
    assert [change.position for change in page.entries] == list(range(1501, 1511))


async def test_a_cursor_is_good_for_its_own_workspace_alone(database):
    scope, other = await new_workspace(), await new_workspace("Other")
    cursor = to_cursor(MEMBERS, scope.workspace_id, 12)
    assert from_cursor(scope, MEMBERS, cursor) == 12
    for wrong in (cursor, "", "x", "🙂", "bTE6MTox", to_cursor(MEMBERS, other.workspace_id, 2**70), cursor + "A"):
        with pytest.raises(Invalid, match="no cursor of this workspace"):
            from_cursor(other, MEMBERS, wrong)


async def test_a_cursor_ahead_of_the_log_is_refused(database):
    scope = await new_workspace()
    with pytest.raises(Invalid, match="ahead of the log"):
        await read_page(scope, MEMBERS, 1, 10)


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


@pytest.mark.parametrize("which", [None, 0])
async def test_a_page_is_whole_or_refused_while_the_log_is_dropped(old_changes, monkeypatch, which):
    scope, segments = old_changes
    look = feed.head

    async def dropped_in_between(scope):
        end = await look(scope)
        await retention.drop_older_than(timedelta(days=90), MEMBERS)
        return end

    monkeypatch.setattr(feed, "head", dropped_in_between)
    wanted = None if which is None else [segments[which].id]
    with pytest.raises(Invalid, match="too old"):
        await read_page(scope, MEMBERS, 4, 100, wanted)
    with pytest.raises(Invalid, match="too old"):
        await read_next(scope, MEMBERS, 4, 100)
    assert [change.position for change in (await read_page(scope, MEMBERS, None, 100)).entries] == [10, 11, 12]


async def test_two_who_drop_at_the_same_time_leave_no_gap_behind_the_floor(old_changes):
    scope, _ = old_changes
    async with db.transaction():
        await db.execute("UPDATE membership_heads SET floor = 11 WHERE workspace_id = $1", scope.workspace_id)
    await retention.drop_older_than(timedelta(days=90), MEMBERS)
    assert (await read_head(scope, MEMBERS)).floor == 11


async def test_whether_more_follow_is_said_of_the_segments_asked_for(old_changes):
    scope, (one, other) = old_changes
    page = await read_page(scope, MEMBERS, None, 6, [one.id])
    assert ([change.position for change in page.entries], page.more) == ([1, 3, 5, 7, 9, 11], False)
    assert page.position == 12
    page = await read_page(scope, MEMBERS, None, 5, [one.id])
    assert ([change.position for change in page.entries], page.more, page.position) == ([1, 3, 5, 7, 9], True, 9)
    assert (await read_page(scope, MEMBERS, None, 100, [other.id, one.id])).position == 12


async def test_looking_through_the_changes_of_others_takes_bounded_time_and_goes_on_from_there(
    old_changes, monkeypatch
):
    scope, (_, other) = old_changes
    monkeypatch.setattr(feed, "WINDOW", 3)
    monkeypatch.setattr(feed, "LOOKING_SECONDS", 0.0)
    read, position, more = [], None, True
    while more:
        page = await read_page(scope, MEMBERS, position, 100, [other.id])
        assert page.position == (position or 0) + 3
        read += page.entries
        position, more = page.position, page.more
    assert [change.position for change in read] == [2, 4, 6, 8, 10, 12]


async def test_the_history_of_a_contact_is_told_newest_first(database):
    scope = await new_workspace()
    one, other = await static_segment(scope), await static_segment(scope)
    ana, ben = await new_contacts(scope, 2)
    for _ in range(2):
        await manual_changes.change_members(scope, one.id, add=[ana, ben], origin=Origin.API)
        await manual_changes.change_members(scope, one.id, remove=[ana], origin=Origin.MANUAL)
    await manual_changes.change_members(scope, other.id, add=[ana], origin=Origin.IMPORT)
    found = await members.history(scope, [ana, ben], 2)
    assert [(c.segment_id, c.kind) for c in found[ana]] == [
        (other.id, "ENTERED"),
        (one.id, "LEFT"),
        (one.id, "ENTERED"),
    ]
    assert [(c.segment_id, c.kind) for c in found[ben]] == [(one.id, "ENTERED")]
    older = await members.history(scope, [ana], 9, before=found[ana][1].position)
    assert [c.kind for c in older[ana]] == ["ENTERED", "LEFT", "ENTERED"]
    assert len((await members.history(scope, [ana], 9, segment_id=other.id))[ana]) == 1


async def test_readers_at_full_speed_beside_eight_writers_miss_nothing_and_see_nothing_twice(database):
    scope = await new_workspace()
    segments = [await static_segment(scope) for _ in range(3)]
    ids = await new_contacts(scope, 40)
    writing = True

    async def write(number):
        for turn in range(25):
            some = [ids[(number * 7 + turn * 3 + step) % 40] for step in range(1 + turn % 4)]
            segment = segments[(number + turn) % 3]
            if turn % 2:
                await manual_changes.change_members(scope, segment.id, remove=some, origin=Origin.MANUAL)
            else:
                await manual_changes.change_members(scope, segment.id, add=some, origin=Origin.MANUAL)

    async def read(limit):
        position, seen = 0, []
        while True:
            ended = not writing
            page = await read_page(scope, MEMBERS, position, limit)
            seen += [change.position for change in page.entries]
            position = page.position
            if ended and not page.more:
                return seen

    readers = [asyncio.create_task(read(limit)) for limit in (1, 3, 100)]
    await asyncio.gather(*(write(number) for number in range(8)))
    writing = False
    end = (await read_head(scope, MEMBERS)).position
    assert end > 100
    for seen in await asyncio.gather(*readers):
        assert seen == list(range(1, end + 1))
    await settled(scope)
    await assert_all_is_right(scope)


async def test_a_deleted_segment_tells_that_all_have_left_and_a_restored_one_that_they_are_back(database):
    scope = await new_workspace()
    ids = await new_contacts(scope, 3)
    segment = await static_segment(scope, ids)
    assert (await backfill.backfill(scope.workspace_id, segment.id, ChangeKind.LEFT)).members == 3
    assert (await replayed_members(scope))[segment.id] == set()
    assert (await backfill.backfill(scope.workspace_id, segment.id, ChangeKind.ENTERED)).members == 3
    assert await replayed_members(scope) == await stored_members(scope) == {segment.id: set(ids)}
