"""Bells: rung once until they are answered, and never a burden to who rings."""

import asyncio
import contextlib
import time

import pytest

from workers.bells import Bells, Queue


@pytest.fixture
async def bells(redis_url):
    bells = Bells(redis_url)
    yield bells
    await bells.close()


async def _waiting(bells, queue=Queue.REALTIME):
    return [(job.function, job.args) for job in await bells.redis.queued_jobs(queue_name=queue.key)]


async def test_a_bell_is_one_bell_however_often_it_is_rung(bells):
    await asyncio.gather(*(bells.changes(7) for _ in range(20)))
    await bells.changes(8)
    assert sorted(await _waiting(bells)) == [("process_changes", [7]), ("process_changes", [8])]


async def test_a_bell_that_was_answered_rings_anew(bells):
    await bells.changes(7)
    await bells.answered("process_changes", 7)
    await bells.changes(7)
    assert await _waiting(bells) == [("process_changes", [7]), ("process_changes", [7])]


async def test_each_queue_has_its_own_line(bells):
    await bells.rule(7, 12)
    await bells.job(Queue.BROADCAST, "send", 7, 3)
    assert await _waiting(bells) == []
    assert await _waiting(bells, Queue.BULK) == [("rebuild", [7, 12])]
    assert await _waiting(bells, Queue.BROADCAST) == [("send", [7, 3])]


async def test_of_several_who_ask_one_is_first(bells):
    assert sorted(await asyncio.gather(*(bells.first("sweep:x", 5) for _ in range(5)))) == [False] * 4 + [True]


async def test_who_listens_hears_which_workspaces_have_news(bells):
    async with bells.hear_log() as heard:
        await bells.log_grew(7)
        await bells.members(8)
        assert [await anext(heard), await anext(heard)] == [7, 8]


async def test_without_redis_ringing_fails_nobody_and_takes_no_time():
    bells = Bells("redis://127.0.0.1:1/0")
    started = time.monotonic()
    await bells.changes(7)
    await bells.log_grew(7)
    assert time.monotonic() - started < 2
    with contextlib.suppress(Exception):
        await bells.close()


async def test_a_cancellation_is_heeded_whenever_it_comes(bells):
    async def look_for_ever():
        while True:
            await bells.redis.get("nothing")

    for turn in range(300):
        looking = asyncio.create_task(look_for_ever())
        for _ in range(turn % 60):
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.wait({looking}, timeout=1)
        has_ended = looking.done()
        while not looking.done():
            looking.cancel()
            await asyncio.sleep(0.01)
        assert has_ended, f"cancelled after {turn % 60} turns of the loop, it went on"
