"""Work is one message until it is acknowledged, and a lost Redis harms no caller."""

import asyncio
import time

from redis.exceptions import RedisError

from models.changelog.hints import log_grew
from models.queue import work
from models.queue.enqueue import Message, enqueue
from models.queue.work import Queue
from workers.broker import Broker, connected_broker, queue_key


async def _waiting(broker: Broker, queue=Queue.REALTIME):
    return [(job.function, job.args) for job in await broker.redis.queued_jobs(queue_name=queue_key(queue))]


async def test_work_is_one_message_however_often_it_is_enqueued(broker):
    await asyncio.gather(*(enqueue(work.PROCESS_CHANGES, 7) for _ in range(20)))
    await enqueue(work.PROCESS_CHANGES, 8)
    assert sorted(await _waiting(broker)) == [("process_changes", [7]), ("process_changes", [8])]


async def test_work_that_was_acknowledged_is_sent_anew(broker):
    await enqueue(work.PROCESS_CHANGES, 7)
    await broker.acknowledge(work.PROCESS_CHANGES, 7)
    await enqueue(work.PROCESS_CHANGES, 7)
    assert await _waiting(broker) == [("process_changes", [7]), ("process_changes", [7])]


async def test_work_whose_sending_was_cut_off_is_sent_anew_a_second_later(broker, monkeypatch):
    with monkeypatch.context() as slow:
        slow.setattr(broker.redis, "enqueue_job", _times_out)
        await enqueue(work.RUN_REQUEST, 7, 1)
    await asyncio.sleep(1.05)
    await enqueue(work.RUN_REQUEST, 7, 1)
    await asyncio.sleep(1.05)
    await enqueue(work.RUN_REQUEST, 7, 1)
    assert await _waiting(broker, Queue.BROADCAST) == [("run_request", [7, 1])], "what was sent, waits for longer"


async def _times_out(*_, **__):
    raise TimeoutError


async def test_each_queue_has_its_own_messages(broker):
    await enqueue(work.REBUILD, 7, 12)
    await enqueue(work.SEND_SLICE, 7, 3)
    assert await _waiting(broker) == []
    assert await _waiting(broker, Queue.BULK) == [("rebuild", [7, 12])]
    assert await _waiting(broker, Queue.BROADCAST) == [("send_slice", [7, 3])]


async def test_only_one_of_several_callers_is_first(broker):
    assert sorted(await asyncio.gather(*(broker.first("task:x", 5) for _ in range(5)))) == [False] * 4 + [True]


async def test_listeners_hear_which_logs_have_grown(broker):
    async with broker.hear() as heard:
        await log_grew(7)
        await log_grew(8)
        assert [await anext(heard), await anext(heard)] == [7, 8]


async def test_without_redis_enqueueing_neither_fails_nor_waits():
    started = time.monotonic()
    async with connected_broker("redis://127.0.0.1:1/0"):
        await enqueue(work.PROCESS_CHANGES, 7)
        await log_grew(7)
        assert time.monotonic() - started < 2


async def test_what_is_sent_while_the_broker_closes_leaves_no_connection_open(redis_url):
    for turn in range(40):
        broker = Broker(redis_url)
        messages = [Message(work.PROCESS_CHANGES, (turn, number)) for number in range(3)]
        sending = [asyncio.create_task(broker.send([message])) for message in messages]
        for _ in range(turn):
            await asyncio.sleep(0)
        await broker.close()
        ended = await asyncio.gather(*sending, return_exceptions=True)
        assert all(error is None or isinstance(error, RedisError) for error in ended), ended
        pool = broker.redis.connection_pool
        kept = [*pool._available_connections, *pool._in_use_connections]
        assert not any(connection.is_connected for connection in kept), f"closed after {turn} turns of the loop"


async def test_a_cancellation_is_heeded_whenever_it_comes(broker):
    async def look_for_ever():
        while True:
            await broker.redis.get("nothing")

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
