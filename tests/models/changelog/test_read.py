"""The log: in order, without gaps, from any cursor that it still reaches back to."""

from datetime import timedelta
from random import Random

import pytest

from models import clock, db
from models.changelog import read, retention
from models.changelog.members import MEMBERS
from models.changelog.read import LogPage, read_head, read_next, read_page
from models.errors import Invalid
from models.membership import apply, manual_changes
from models.membership.origins import Origin
from tests.kit.engine import replayed_members, settled
from tests.kit.logs import old_changes
from tests.kit.segments import dynamic_segment, new_contacts, static_segment
from tests.kit.workspaces import new_workspace

__all__ = ["old_changes"]


@pytest.fixture(autouse=True, params=["each", "alike"])
def form(request, monkeypatch):
    """Entries are read one by one, or those together that are alike."""
    if request.param == "alike":
        monkeypatch.setattr(read, "MANY", 1)


async def test_the_log_is_read_in_pages_that_go_on_where_the_last_one_ended(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 7)
    for some in (ids[:3], ids[3:4], ids[4:]):
        await manual_changes.change_members(scope, segment.id, add=some, origin=Origin.MANUAL)
    found, position, more = [], None, True
    while more:
        page = await read_page(scope, MEMBERS, position, 2)
        assert len(page.entries) <= 2
        found += page.entries
        position, more = page.position, page.more
    assert [change.position for change in found] == [1, 2, 3, 4, 5, 6, 7]
    assert [change.contact_id for change in found] == ids
    assert {(change.kind, change.origin) for change in found} == {("ENTERED", "MANUAL")}
    assert await read_page(scope, MEMBERS, position, 2) == LogPage([], 7, False)


async def test_only_changes_of_the_wanted_segments_are_read(database):
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


@pytest.mark.parametrize("alike", [False, True])
async def test_entries_are_found_by_their_places_however_old_the_statistics_are(database, alike):
    scope = await new_workspace()
    segment = await static_segment(scope)
    await db.execute("TRUNCATE membership_changes")  # what other tests left behind counts for the statistics too
    await db.execute("VACUUM (ANALYZE) membership_changes")
    await db.execute("INSERT INTO contacts (workspace_id) SELECT $1 FROM generate_series(1, 3000)", scope.workspace_id)
    async with db.transaction():
        append = await apply.begin(scope.workspace_id, clock.now())
        everybody = f"(SELECT {segment.id}::bigint, id, true, 'API' FROM contacts WHERE workspace_id = $1)"
        await apply.write_from(append, everybody)
        await apply.close(append)
    args = (scope.workspace_id, 1000, 1010, [segment.id], *(() if alike else (10,)))
    plan = await db.fetch("EXPLAIN " + read._window_sql(MEMBERS, alike=alike), *args)
    assert "membership_changes_segment_idx" not in " ".join(row[0] for row in plan)


async def test_entries_that_are_alike_stand_in_their_order_among_the_others(database):
    scope = await new_workspace()
    segments = [await static_segment(scope) for _ in range(3)]
    ids = await new_contacts(scope, 40)
    random = Random(3)
    for _ in range(3):
        async with db.transaction():
            append = await apply.begin(scope.workspace_id, clock.now())
            for _ in range(12):
                some, segment = random.sample(ids, random.randint(1, 9)), random.choice(segments)
                origin = random.choice([Origin.MANUAL, Origin.API])
                await apply.move(append, segment.id, some, entered=random.random() < 0.7, origin=origin)
            await apply.close(append)
    stored = await db.fetch(
        "SELECT a.position - a.size + c.place, c.segment_id, c.contact_id, c.kind, c.origin, c.at"
        " FROM membership_changes c JOIN membership_appends a"
        " ON a.workspace_id = c.workspace_id AND a.append_id = c.append_id ORDER BY 1"
    )
    assert len(stored) > 60
    assert {row["origin"] for row in stored} == {"MANUAL", "API"}
    found = (await read_page(scope, MEMBERS, None, 1000)).entries
    assert [tuple(entry[1:]) for entry in found] == [tuple(row) for row in stored]
    wanted = [segments[0].id, segments[2].id]
    found = (await read_page(scope, MEMBERS, 7, 20, wanted)).entries
    assert [tuple(entry[1:]) for entry in found] == [tuple(row) for row in stored[7:] if row[1] in wanted][:20]


async def test_a_cursor_ahead_of_the_log_is_refused(database):
    scope = await new_workspace()
    with pytest.raises(Invalid, match="ahead of the log"):
        await read_page(scope, MEMBERS, 1, 10)


@pytest.mark.parametrize("which", [None, 0])
async def test_a_page_is_whole_or_refused_while_the_log_is_dropped(old_changes, monkeypatch, which):
    scope, segments = old_changes
    look = read_head

    async def dropped_in_between(scope, log):
        end = await look(scope, log)
        await retention.drop_older_than(timedelta(days=90), MEMBERS)
        return end

    monkeypatch.setattr("models.changelog.read.read_head", dropped_in_between)
    wanted = None if which is None else [segments[which].id]
    with pytest.raises(Invalid, match="too old"):
        await read_page(scope, MEMBERS, 4, 100, wanted)
    with pytest.raises(Invalid, match="too old"):
        await read_next(scope, MEMBERS, 4, 100)
    assert [change.position for change in (await read_page(scope, MEMBERS, None, 100)).entries] == [10, 11, 12]


async def test_more_is_about_the_wanted_segments(old_changes):
    scope, (one, other) = old_changes
    page = await read_page(scope, MEMBERS, None, 6, [one.id])
    assert ([change.position for change in page.entries], page.more) == ([1, 3, 5, 7, 9, 11], False)
    assert page.position == 12
    page = await read_page(scope, MEMBERS, None, 5, [one.id])
    assert ([change.position for change in page.entries], page.more, page.position) == ([1, 3, 5, 7, 9], True, 9)
    assert (await read_page(scope, MEMBERS, None, 100, [other.id, one.id])).position == 12


async def test_a_search_for_rare_changes_takes_bounded_time_and_can_go_on(old_changes, monkeypatch):
    scope, (_, other) = old_changes
    monkeypatch.setattr("models.changelog.read.WINDOW", 3)
    monkeypatch.setattr("models.changelog.read.LOOKING_SECONDS", 0.0)
    read, position, more = [], None, True
    while more:
        page = await read_page(scope, MEMBERS, position, 100, [other.id])
        assert page.position == (position or 0) + 3
        read += page.entries
        position, more = page.position, page.more
    assert [change.position for change in read] == [2, 4, 6, 8, 10, 12]
