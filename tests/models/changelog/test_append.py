"""Appends: all of an append or nothing, and positions that become visible in order and without gaps."""

import asyncio
from contextvars import Context
from datetime import UTC, datetime

import pytest

from models import db
from models.changelog import append
from models.changelog.events import EVENTS
from models.changelog.members import MEMBERS
from models.changelog.read import LogHead, read_head, read_page
from models.membership import manual_changes
from models.membership.origins import Origin
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace

NOW = datetime(2026, 5, 1, tzinfo=UTC)


async def _write(opened, *names):
    for name in names:
        opened.size += 1
        await db.execute(
            "INSERT INTO events (workspace_id, append_id, place, type, payload, at) VALUES ($1, $2, $3, $4, $5, $6)",
            opened.workspace_id,
            opened.id,
            opened.size,
            "segment.deleted",
            db.dump_json({"segment_id": 1, "name": name}),
            opened.at,
        )


async def _names(scope):
    page = await read_page(scope, EVENTS, 0, 100)
    assert [event.position for event in page.entries] == list(range(1, len(page.entries) + 1))
    return [event.payload.name for event in page.entries]


def apart(coroutine):
    """Run it beside the ambient transaction, on a connection of its own."""
    return asyncio.create_task(coroutine, context=Context())


async def test_an_append_has_its_positions_when_it_is_closed_and_is_seen_when_it_is_committed(database):
    scope = await new_workspace()
    async with db.transaction():
        opened = await append.begin(scope.workspace_id, EVENTS, NOW)
        await _write(opened, "one", "two")
        assert await _names(scope) == []
        assert await append.close(opened) == 2
        assert await _names(scope) == ["one", "two"]
        assert await apart(_names(scope)) == []
    assert await _names(scope) == ["one", "two"]


async def test_an_append_that_is_rolled_back_leaves_no_gap(database):
    scope = await new_workspace()
    with pytest.raises(RuntimeError):
        async with db.transaction():
            opened = await append.begin(scope.workspace_id, EVENTS, NOW)
            await _write(opened, "never")
            await append.close(opened)
            raise RuntimeError
    async with db.transaction():
        opened = await append.begin(scope.workspace_id, EVENTS, NOW)
        await _write(opened, "first")
        assert await append.close(opened) == 1
    assert await _names(scope) == ["first"]


async def test_an_empty_append_has_no_position_and_no_lock(database):
    scope = await new_workspace()
    async with db.transaction():
        assert await append.close(await append.begin(scope.workspace_id, EVENTS, NOW)) is None
    assert await read_head(scope, EVENTS) == LogHead(0, 0)


async def test_positions_follow_the_order_of_closing_which_waits_for_the_commit_before(database):
    scope = await new_workspace()

    async def other():
        async with db.transaction():
            opened = await append.begin(scope.workspace_id, EVENTS, NOW)
            await _write(opened, "second")
            await append.close(opened)

    async with db.transaction():
        late = await append.begin(scope.workspace_id, EVENTS, NOW)
        await _write(late, "third")
        early = await append.begin(scope.workspace_id, EVENTS, NOW)
        await _write(early, "first")
        await append.close(early)
        waiting = apart(other())
        await asyncio.sleep(0.1)
        assert not waiting.done()
    await waiting
    async with db.transaction():
        await append.close(late)
    assert await _names(scope) == ["first", "second", "third"]


async def test_appends_to_other_logs_or_workspaces_do_not_wait(database):
    scope, other = await new_workspace(), await new_workspace("Other")
    segment, ids = await static_segment(scope), await new_contacts(scope, 1)

    async def close_one(workspace_id):
        async with db.transaction():
            opened = await append.begin(workspace_id, EVENTS, NOW)
            await _write(opened, "one")
            return await append.close(opened)

    async with db.transaction():
        await manual_changes.change_members(scope, segment.id, add=ids, origin=Origin.API)  # holds the log of members
        assert await asyncio.wait_for(apart(close_one(scope.workspace_id)), 5) == 1
        await close_one(scope.workspace_id)
        assert await asyncio.wait_for(apart(close_one(other.workspace_id)), 5) == 1


async def test_fast_readers_beside_eight_writers_see_each_entry_once(database):
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
