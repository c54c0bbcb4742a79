"""A log followed live: in order and without a gap, at little cost for those who keep up, and with a word for those who do not."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest

from models import db
from models.changelog import events
from models.changelog.events import EVENTS
from models.changelog.live_reader import TailLimits
from models.changelog.members import MEMBERS
from models.changelog.tail import FellBehind, Tail
from models.errors import Invalid
from tests.kit.logs import drop_the_log, entered, months_ago
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workers import eventually
from tests.kit.workspaces import new_workspace
from workers.broker import Broker

__all__ = ["months_ago"]


async def test_a_hint_is_followed_at_once_and_without_hints_the_log_is_read_periodically(database, broker: Broker):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 2)
    for told_by, look_seconds in ((broker, 600.0), (None, 0.05)):
        tail = Tail(TailLimits(look_seconds=look_seconds))
        async with aclosing(tail.follow(scope, MEMBERS, told_by, None)) as follower:
            news = asyncio.ensure_future(anext(follower))
            await asyncio.sleep(0.3)
            await entered(scope, segment, ids.pop())
            assert len((await asyncio.wait_for(news, 60)).entries) == 1, "long before the next look, if there is a hint"


async def test_a_follower_that_takes_nothing_ends_with_its_position_and_can_go_on(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 40)
    tail = Tail(TailLimits(waiting=10, patience_seconds=0.1, look_seconds=0.01))
    follower = tail.follow(scope, MEMBERS, None, None)
    news = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0.1)
    await entered(scope, segment, ids[0])
    got = await news
    for contact_id in ids[1:]:
        await entered(scope, segment, contact_id)
    await asyncio.sleep(0.3)
    with pytest.raises(FellBehind) as slow:
        await anext(follower)
    assert tail.readers == {}
    position = slow.value.position
    assert [change.contact_id for change in got.entries] == ids[:1]
    async with aclosing(tail.follow(scope, MEMBERS, None, position)) as again:
        assert [change.contact_id for change in (await anext(again)).entries] == ids[1:]


async def test_a_live_follower_gets_an_error_rather_than_a_gap_when_the_log_is_dropped(months_ago):
    scope, segment = months_ago, await static_segment(months_ago)
    ids = await new_contacts(scope, 3)
    tail = Tail(TailLimits(look_seconds=60))
    async with aclosing(tail.follow(scope, MEMBERS, None, None)) as follower:
        news = asyncio.ensure_future(anext(follower))
        await eventually(lambda: _is_read(tail, scope))
        await entered(scope, segment, *ids[:2])
        await drop_the_log()
        await entered(scope, segment, ids[2])
        tail.reader_of(scope, MEMBERS).has_hint.set()
        with pytest.raises(Invalid, match="too old"):
            await asyncio.wait_for(news, 5)
    assert tail.readers == {}


async def _is_read(tail, scope, log=MEMBERS):
    return tail.reader_of(scope, log) is not None


async def test_a_slow_follower_gets_all_entries_or_an_error_when_the_log_is_dropped(months_ago):
    scope, segment = months_ago, await static_segment(months_ago)
    ids = await new_contacts(scope, 9)
    tail = Tail(TailLimits(waiting=4, look_seconds=0.01))
    frugal, slow = tail.follow(scope, MEMBERS, None, None), tail.follow(scope, MEMBERS, None, None)
    first = [asyncio.ensure_future(anext(frugal)), asyncio.ensure_future(anext(slow))]
    await asyncio.sleep(0.1)
    await entered(scope, segment, ids[0])
    await asyncio.gather(*first)
    await entered(scope, segment, *ids[1:4])
    await _has_read(tail, scope, 4)
    assert [change.contact_id for change in (await anext(frugal)).entries] == ids[1:4]
    await entered(scope, segment, *ids[4:])
    await _has_read(tail, scope, 9)
    assert [list(follower.waiting) for follower in tail.reader_of(scope, MEMBERS).followers] == [[], []]
    await drop_the_log()
    for follower in (frugal, slow):
        with pytest.raises(Invalid, match="too old"):
            await anext(follower)
    assert tail.readers == {}


async def _has_read(tail, scope, position):
    async def has():
        return tail.reader_of(scope, MEMBERS).position == position

    await eventually(has)


async def test_followers_notice_a_restored_backup_of_the_log(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 4)
    await entered(scope, segment, *ids[:3])
    tail = Tail(TailLimits(look_seconds=60))
    async with aclosing(tail.follow(scope, MEMBERS, None, 0)) as follower:
        assert len((await anext(follower)).entries) == 3
        news = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0)
        for table in ("membership_changes", "membership_appends"):
            await db.execute(f"DELETE FROM {table} WHERE workspace_id = $1", scope.workspace_id)
        await db.execute("UPDATE membership_heads SET position = 0 WHERE workspace_id = $1", scope.workspace_id)
        tail.reader_of(scope, MEMBERS).has_hint.set()
        with pytest.raises(Invalid, match="ahead of the log"):
            await asyncio.wait_for(news, 5)


async def test_a_large_append_ends_no_follower_that_keeps_reading(database):
    scope = await new_workspace()
    await db.execute("INSERT INTO contacts (workspace_id) SELECT $1 FROM generate_series(1, 2000)", scope.workspace_id)
    rows = await db.fetch("SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id", scope.workspace_id)
    segment = await static_segment(scope)
    tail = Tail(TailLimits(waiting=50, patience_seconds=0.1, look_seconds=0.01, page=100))
    got = []

    async def follow():
        async with aclosing(tail.follow(scope, MEMBERS, None, None)) as follower:
            async for some in follower:
                got.extend(change.position for change in some.entries)
                await asyncio.sleep(0)

    following = asyncio.create_task(follow())
    await asyncio.sleep(0.1)
    for start in range(0, 2000, 500):
        await entered(scope, segment, *[row["id"] for row in rows[start : start + 500]])

    async def all_of_them():
        return len(got) == 2000

    await eventually(all_of_them)
    following.cancel()
    assert got == list(range(1, 2001))


class HintsByTest:
    """Hints that a test gives."""

    def __init__(self):
        self.given = asyncio.Queue()
        self.heard_by = 0

    @asynccontextmanager
    async def hear(self):
        self.heard_by += 1
        yield self._heard()

    async def _heard(self):
        while True:
            yield await self.given.get()


async def test_one_hint_is_for_both_logs_of_a_workspace(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    (ana,) = await new_contacts(scope, 1)
    tail, hints = Tail(TailLimits(look_seconds=60)), HintsByTest()
    async with (
        aclosing(tail.follow(scope, MEMBERS, hints, None)) as changes,
        aclosing(tail.follow(scope, EVENTS, hints, None)) as happened,
    ):
        news = [asyncio.ensure_future(anext(changes)), asyncio.ensure_future(anext(happened))]
        await eventually(lambda: _is_read(tail, scope, EVENTS))
        await eventually(lambda: _is_read(tail, scope))
        await entered(scope, segment, ana)
        await events.record(scope.workspace_id, events.SegmentDeleted(segment.id, "Friends"))
        await hints.given.put(scope.workspace_id)
        change, event = await asyncio.wait_for(asyncio.gather(*news), 5)
        assert [change.contact_id for change in change.entries] == [ana]
        assert [event.payload.name for event in event.entries] == ["Friends"]
        await changes.aclose()
        assert tail.reader_of(scope, MEMBERS) is None
        assert tail.reader_of(scope, EVENTS) is not None
    assert tail.readers == {}
    assert hints.heard_by == 1


async def test_followers_with_one_filter_share_a_batch_and_what_is_made_of_it(database):
    scope = await new_workspace()
    one, other = await static_segment(scope), await static_segment(scope)
    ids = await new_contacts(scope, 3)
    tail = Tail(TailLimits(look_seconds=0.02))
    wishes = [None, None, [one.id], [one.id], [other.id]]
    following = [tail.follow(scope, MEMBERS, None, None, wish) for wish in wishes]
    news = [asyncio.ensure_future(anext(one_of_them)) for one_of_them in following]

    async def all_follow():
        reader = tail.reader_of(scope, MEMBERS)
        return reader is not None and len(reader.followers) == len(wishes)

    await eventually(all_follow)
    async with db.transaction():  # so that both are read at once
        await entered(scope, one, *ids)
        await entered(scope, other, *ids[:1])
    everything, again, of_one, of_one_again, of_other = await asyncio.gather(*news)
    assert everything is again
    assert of_one is of_one_again
    assert [len(batch.entries) for batch in (everything, of_one, of_other)] == [4, 3, 1]
    made = []

    def make(batch):
        made.append(batch)
        return len(made)

    assert [everything.once(make), again.once(make), of_one.once(make)] == [1, 1, 2]
    for follower in following:
        await follower.aclose()
