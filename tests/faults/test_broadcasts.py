"""Broadcasts under fault, judged by what the sandbox accepted: nobody twice, every row true, the counts add up.

MUSTER_FAULT_RECIPIENTS makes them as large as one likes (10,000 takes some minutes each).
"""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import redis.asyncio

from models import db
from models.broadcasts import lifecycle
from models.db.tables.broadcasts import Broadcast
from models.queue.work import Queue
from permissions.principal import Scope
from sandbox.whatsapp.limits import busiest_second
from sandbox.whatsapp.provider import Sandbox
from sandbox.whatsapp.server import Server
from sandbox.whatsapp.webhooks import WebhookOptions
from tests.kit.api import application, serving
from tests.kit.broadcasts import a_draft_to, a_sender, counts_of, read_again, start_sender
from tests.kit.whatsapp import a_sandbox
from tests.kit.workers import WorkerProcess, eventually
from workers.broker import Broker, queue_key

SIZE = int(os.environ.get("MUSTER_FAULT_RECIPIENTS", "900"))

PER_SECOND = 300

pytestmark = pytest.mark.slow


@dataclass
class World:
    """Real workers, which a test can kill, an API that hears the webhooks, and a sandbox that counts."""

    database_url: str
    redis_url: str
    server: Server
    scope: Scope
    workers: list[WorkerProcess] = field(default_factory=list)

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox

    async def hire(self, count: int = 1) -> None:
        """Start workers."""
        started = [
            start_sender(self.database_url, self.redis_url, self.server.url, claim_seconds=6.0) for _ in range(count)
        ]
        self.workers += await asyncio.gather(*started)

    async def kill_one(self) -> None:
        """Kill a worker in the middle of whatever it does, and start another."""
        victim = self.workers.pop(0)
        await asyncio.gather(victim.kill(), self.hire())


@contextlib.asynccontextmanager
async def a_world(database_url: str, redis_url: str) -> AsyncIterator[World]:
    webhook_options = WebhookOptions(
        sent_seconds=0.05, delivered_seconds=0.2, read_seconds=0.5, read_share=0.5, batch=50
    )
    async with (
        serving(application(redis_url=redis_url)) as address,
        a_sandbox(f"http://{address}/webhooks/whatsapp", webhook_options) as server,
    ):
        server.sandbox.add_number(per_second=PER_SECOND)
        world = World(database_url, redis_url, server, await a_sender(per_second=PER_SECOND))
        try:
            yield world
        finally:
            await asyncio.gather(*(worker.kill() for worker in world.workers))


@pytest.fixture
async def world(database: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(database, redis_url) as made:
        yield made


async def started(world: World, count: int = SIZE) -> Broadcast:
    broadcast = await a_draft_to(world.scope, count)
    return await lifecycle.schedule(world.scope, broadcast.id, None)


def accepted(world: World, count: int) -> Callable[[], Awaitable[bool]]:
    async def so_many() -> bool:
        return len(world.sandbox.accepted) >= count

    return so_many


async def ended(world: World, broadcast: Broadcast, seconds: float = 90) -> Broadcast:
    """Wait until the broadcast has ended, its last claim has run out, and every webhook is processed."""

    async def all_over() -> bool:
        now = await read_again(broadcast)
        counts = await _unchecked_counts(broadcast)
        webhooks = await db.fetch_value("SELECT count(*) FROM webhook_inbox")
        return (
            now.finished_at is not None
            and not counts.get("SENDING")
            and not webhooks
            and not world.sandbox.webhooks.waiting
        )

    await eventually(all_over, seconds + SIZE / 100)
    return await read_again(broadcast)


async def _unchecked_counts(broadcast: Broadcast) -> dict[str, int]:
    rows = await db.fetch(
        "SELECT status, count(*) AS n FROM messages WHERE workspace_id = $1 AND source_id = $2 GROUP BY 1",
        broadcast.workspace_id,
        broadcast.id,
    )
    return {row["status"]: row["n"] for row in rows}


async def assert_true(world: World, broadcast: Broadcast, size: int = SIZE) -> dict[str, int]:
    """Nobody was sent to twice; every row says what really happened; the counts add up to the audience."""
    assert set(world.sandbox.accepted.values()) <= {1}, "somebody was accepted twice"
    counts = await counts_of(broadcast)
    assert sum(counts.values()) == size == (await read_again(broadcast)).audience_size
    rows = await db.fetch("SELECT phone, status FROM messages WHERE source_id = $1", broadcast.id)
    wrong = [
        (row["phone"], row["status"])
        for row in rows
        if (row["status"] in ("DELIVERED", "READ")) != (world.sandbox.accepted[row["phone"]] == 1)
    ]
    assert not wrong, f"{len(wrong)} rows are not what happened: {wrong[:5]}"
    assert set(counts) <= {"delivered", "read", "unconfirmed", "skipped"}
    told = await db.fetch_value("SELECT count(*) FROM activities WHERE kind = 'message.sent'")
    assert told == counts.get("delivered", 0) + counts.get("read", 0), "each message that went out is an activity, once"
    return counts


# ---------------------------------------------------------------- the faults


async def test_workers_that_are_killed_again_and_again_send_to_nobody_twice_and_leave_nobody_out(world: World):
    dice = random.Random(1)
    await world.hire(2)
    broadcast = await started(world)
    kills = max(5, SIZE // 700)
    for number in range(kills):
        await eventually(accepted(world, int(SIZE * number / (kills + 1)) + 20), 60)
        await asyncio.sleep(dice.random() * 0.4)
        await world.kill_one()
    end = await ended(world, broadcast)
    assert end.status == "COMPLETED"
    counts = await assert_true(world, broadcast)
    assert counts.get("unconfirmed", 0) <= kills * PER_SECOND / 8, "a kill leaves in doubt what was about to be sent"


async def test_an_emptied_redis_loses_nobody_and_breaks_no_pace(world: World):
    await world.hire(2)
    broadcast = await started(world)
    async with redis.asyncio.from_url(world.redis_url) as client:
        for share in (0.2, 0.5, 0.7):
            await eventually(accepted(world, int(SIZE * share)), 60)
            await client.flushall()
    assert (await ended(world, broadcast)).status == "COMPLETED"
    assert await assert_true(world, broadcast) == await counts_of(broadcast)
    assert busiest_second(world.sandbox.asked_at) <= PER_SECOND * 1.05, "what was forgotten is found again slowly"
    assert (await counts_of(broadcast)).get("unconfirmed", 0) == 0


async def test_a_provider_that_is_down_for_a_while_gets_everybody_once(world: World):
    await world.hire(2)
    broadcast = await started(world)
    for share in (0.2, 0.5):
        await eventually(accepted(world, int(SIZE * share)), 60)
        await world.server.go_down()
        await asyncio.sleep(1.5)
        await world.server.come_up()
    assert (await ended(world, broadcast)).status == "COMPLETED"
    await assert_true(world, broadcast)


async def test_webhooks_that_come_twice_and_shuffled_tell_the_same(world: World):
    world.sandbox.webhooks.options.doubled = True
    world.sandbox.webhooks.options.shuffled_seconds = 1.5
    world.sandbox.webhooks.options.batch = 7
    await world.hire(2)
    broadcast = await started(world)
    await ended(world, broadcast)
    counts = await assert_true(world, broadcast)
    assert set(counts) == {"delivered", "read"}
    kinds = await db.fetch("SELECT kind, count(*) AS n FROM activities GROUP BY kind")
    told = {row["kind"]: row["n"] for row in kinds}
    assert told == {"message.sent": SIZE, "message.delivered": SIZE, "message.read": counts["read"]}


async def test_pausing_and_resuming_in_a_loop_changes_nothing_in_the_end(world: World):
    await world.hire(2)
    broadcast = await started(world)
    await eventually(accepted(world, 10), 60)
    dice = random.Random(2)
    for _ in range(12):
        if (await read_again(broadcast)).finished_at is not None:
            break
        await lifecycle.pause(world.scope, broadcast.id)
        await asyncio.sleep(dice.random() * 0.3)
        await lifecycle.resume(world.scope, broadcast.id)
        await asyncio.sleep(dice.random() * 0.3)
    assert (await ended(world, broadcast)).status == "COMPLETED"
    counts = await assert_true(world, broadcast)
    assert set(counts) == {"delivered", "read"}


async def test_workers_that_all_start_the_same_broadcast_start_it_once(world: World):
    broadcast = await a_draft_to(world.scope, SIZE)
    await world.hire(3)
    await lifecycle.schedule(world.scope, broadcast.id, None)
    broker = Broker(world.redis_url)
    here, key = world.scope.workspace_id, queue_key(Queue.BROADCAST)
    for _ in range(20):
        await broker.redis.enqueue_job("prepare_broadcast", here, broadcast.id, _queue_name=key)
        await broker.redis.enqueue_job("send_slice", here, 0, _queue_name=key)
    await broker.close()
    assert (await ended(world, broadcast)).status == "COMPLETED"
    assert set(await assert_true(world, broadcast)) == {"delivered", "read"}
    assert await db.fetch_value("SELECT count(*) FROM message_counters") == 1


async def test_a_cancellation_under_way_is_told_truly(world: World):
    await world.hire(2)
    broadcast = await started(world)
    await eventually(accepted(world, SIZE // 3), 60)
    await lifecycle.cancel(world.scope, broadcast.id)
    await eventually(nobody_pending(broadcast), 30)
    await ended(world, broadcast)
    counts = await assert_true(world, broadcast)
    assert counts["skipped"] > 0


def nobody_pending(broadcast: Broadcast) -> Callable[[], Awaitable[bool]]:
    async def none() -> bool:
        return not (await _unchecked_counts(broadcast)).get("PENDING")

    return none
