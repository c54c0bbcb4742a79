"""Work begins when it is sent, not when the queue is looked into next: here that would be too late for each test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from arq.worker import func

from models.queue import work
from models.queue.enqueue import enqueue
from models.queue.work import Queue
from workers.broker import Broker, queue_key
from workers.queue_worker import QueueWorker

IDLE_SECONDS = 600
WAIT_SECONDS = 30


@asynccontextmanager
async def _worker(broker: Broker, run: Callable[..., Awaitable[None]], at_once: int = 4) -> AsyncIterator[None]:
    redis: Any = broker.redis
    worker = QueueWorker(
        functions=[func(run, name="process_changes", keep_result=0)],
        queue_name=queue_key(Queue.REALTIME),
        redis_pool=redis,
        idle_seconds=IDLE_SECONDS,
        max_jobs=at_once,
        handle_signals=False,
        job_serializer=redis.job_serializer,
        job_deserializer=redis.job_deserializer,
    )
    tasks = [
        asyncio.create_task(worker.async_run()),
        asyncio.create_task(worker.listen(broker, Queue.REALTIME)),
    ]
    try:
        yield
    finally:
        for task in (*tasks, *worker.tasks.values()):
            task.cancel()
        await asyncio.gather(*tasks, *worker.tasks.values(), return_exceptions=True)


class _Done:
    """Notes whose work is done."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[int] = asyncio.Queue()

    async def __call__(self, _: dict[Any, Any], workspace_id: int) -> None:
        await self.queue.put(workspace_id)

    async def next(self) -> int:
        return await asyncio.wait_for(self.queue.get(), WAIT_SECONDS)


async def test_work_begins_when_it_is_sent(broker):
    done = _Done()
    async with _worker(broker, done.__call__):
        for workspace_id in (7, 8):
            await enqueue(work.PROCESS_CHANGES, workspace_id)
            assert await done.next() == workspace_id


async def test_work_that_was_sent_before_begins_at_the_start(broker):
    done = _Done()
    await enqueue(work.PROCESS_CHANGES, 7)
    async with _worker(broker, done.__call__):
        assert await done.next() == 7


async def test_work_without_a_place_begins_when_other_work_ends(broker):
    done = _Done()
    for workspace_id in range(5):
        await enqueue(work.PROCESS_CHANGES, workspace_id)
    async with _worker(broker, done.__call__, at_once=1):
        assert sorted([await done.next() for _ in range(5)]) == [0, 1, 2, 3, 4]


async def test_a_lost_connection_is_made_again(broker):
    done = _Done()
    async with _worker(broker, done.__call__):
        await enqueue(work.PROCESS_CHANGES, 7)
        assert await done.next() == 7
        await broker.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await enqueue(work.PROCESS_CHANGES, 8)
        assert await done.next() == 8
