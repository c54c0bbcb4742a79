"""Broadcasts from start to end: a worker in this process, and the sandbox."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from models import db
from models.broadcasts import lifecycle
from models.db.tables.broadcasts import Broadcast
from models.messaging import channels
from permissions.principal import Scope
from sandbox.whatsapp.faults import ENDINGS, Command, Fault
from sandbox.whatsapp.provider import Sandbox
from sandbox.whatsapp.server import Server
from tests.kit.broadcasts import (
    FIRST_NAME,
    a_draft,
    a_draft_to,
    a_segment,
    a_sender,
    a_worker_context,
    counts_of,
    go_on,
    people,
    read_again,
    send_all,
)
from tests.kit.whatsapp import a_sandbox
from workers import broadcasts, sending_slots
from workers.context import WorkerContext


@dataclass
class World:
    """A workspace that can send, a worker, and what it sends to."""

    scope: Scope
    context: WorkerContext
    server: Server

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox


@pytest.fixture
async def world(database: str, redis_url: str) -> AsyncIterator[World]:
    async with a_sandbox() as server, a_worker_context(redis_url, server.url) as context:
        server.sandbox.add_number(per_second=1000)
        yield World(await a_sender(), context, server)


async def scheduled(world: World, count: int = 0, **more) -> Broadcast:
    broadcast = await (a_draft_to(world.scope, count, **more) if count else a_draft(world.scope, **more))
    return await lifecycle.schedule(world.scope, broadcast.id, None)


async def to_numbers(world: World, *endings: str) -> Broadcast:
    """A broadcast to one number with each of these endings."""
    ids = await db.fetch(
        """
        INSERT INTO contacts (workspace_id, name, phone, whatsapp_consent)
        SELECT $1, 'Person', '+3460' || lpad(ending, 7, '0'), 'OPTED_IN' FROM unnest($2::text[]) AS ending RETURNING id
        """,
        world.scope.workspace_id,
        list(endings),
    )
    broadcast = await a_draft(world.scope, await a_segment(world.scope, [row["id"] for row in ids]))
    return await lifecycle.schedule(world.scope, broadcast.id, None)


def ending_of(fault: Fault) -> str:
    return next(ending for ending, one in ENDINGS.items() if one is fault)


async def test_everybody_in_the_audience_gets_it_once(world: World):
    broadcast = await scheduled(world, 150)
    ended = await send_all(world.context, broadcast)
    assert (ended.status, ended.reason) == ("COMPLETED", None)
    assert await counts_of(broadcast) == {"sent": 150}
    assert len(world.sandbox.accepted) == 150
    assert set(world.sandbox.accepted.values()) == {1}
    assert not world.sandbox.refusals
    assert await db.fetch_value("SELECT count(*) FROM activities WHERE kind = 'message.sent'") == 150


async def test_a_message_carries_its_parameters_and_our_reference(world: World):
    broadcast = await scheduled(world, 1)
    heard: list[dict] = []
    world.sandbox.send, original = (lambda *args: heard.append(args[2]) or original(*args)), world.sandbox.send  # type: ignore[method-assign]
    await send_all(world.context, broadcast)
    recipient = await db.fetch_value("SELECT id FROM messages")
    assert heard[0]["biz_opaque_callback_data"] == f"muster:{recipient}"
    assert heard[0]["template"]["components"][0]["parameters"] == [{"type": "text", "text": "Person 1"}]


@pytest.mark.parametrize(
    ("fault", "status", "accepted"),
    [
        (Fault.REFUSED, "FAILED", 0),
        (Fault.LOST_ANSWER, "UNCONFIRMED", 1),
        (Fault.HANGS, "UNCONFIRMED", 0),
        (Fault.ERROR_ONCE, "SENT", 1),
    ],
)
async def test_a_failure_of_one_recipient_does_not_affect_others(
    world: World, redis_url: str, fault: Fault, status: str, accepted: int
):
    broadcast = await to_numbers(world, "1", "2", ending_of(fault))
    async with a_worker_context(redis_url, world.server.url, timeout_seconds=2.0, claim_seconds=5.0) as hasty:
        ended = await send_all(hasty, broadcast)
    assert ended.status == "COMPLETED"
    rows = await db.fetch("SELECT phone, status, reason FROM messages ORDER BY phone")
    assert [row["status"] for row in rows] == ["SENT", "SENT", status]
    assert (rows[2]["reason"] is None) == (status == "SENT")
    assert world.sandbox.accepted[rows[2]["phone"]] == accepted


async def test_a_server_error_is_tried_again_a_bounded_number_of_times(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("models.messaging.policy.wait_before_retry", lambda *_: timedelta(seconds=0.05))
    monkeypatch.setattr("models.messaging.ledger.PAIR_INTERVAL", timedelta(seconds=0))
    broadcast = await to_numbers(world, "1", ending_of(Fault.SERVER_ERROR))
    assert (await send_all(world.context, broadcast)).status == "COMPLETED"
    assert await counts_of(broadcast) == {"sent": 1, "failed": 1}
    row = await db.fetch_row("SELECT attempts, error_code FROM messages WHERE status = 'FAILED'")
    assert row is not None
    assert tuple(row) == (8, 131016)


async def test_a_slow_call_delays_no_other(world: World):
    broadcast = await to_numbers(world, ending_of(Fault.SLOW), *map(str, range(60)))
    await send_all(world.context, broadcast)
    assert await counts_of(broadcast) == {"sent": 61}
    assert world.sandbox.accepted_at[-1] - world.sandbox.accepted_at[0] < 2.8, (
        "none waited three seconds for the slow one"
    )


async def test_a_number_that_is_too_fast_slows_down_and_loses_nobody(world: World):
    world.sandbox.add_number(per_second=60)  # though it reports otherwise
    broadcast = await scheduled(world, 150)
    ended = await send_all(world.context, broadcast, 60)
    assert ended.status == "COMPLETED"
    assert await counts_of(broadcast) == {"sent": 150}
    assert world.sandbox.refusals[130429] > 0
    assert set(world.sandbox.accepted.values()) == {1}


@pytest.mark.parametrize("fault", [Fault.TOKEN_EXPIRED, Fault.ACCOUNT_LOCKED, Fault.TEMPLATE_PAUSED])
async def test_an_error_for_everybody_pauses_with_a_reason_and_loses_nobody(world: World, fault: Fault):
    broadcast = await scheduled(world, 40)
    world.sandbox.faults.set([Command(fault)])
    paused = await send_all(world.context, broadcast)
    assert paused.status == "PAUSED"
    assert "WhatsApp said (" in (paused.reason or "")
    assert await counts_of(broadcast) == {"pending": 40}
    world.sandbox.faults.set([])
    await lifecycle.resume(world.scope, broadcast.id)
    assert (await go_on(world.context, broadcast)).status == "COMPLETED"
    assert set(world.sandbox.accepted.values()) == {1}
    assert await counts_of(broadcast) == {"sent": 40}


async def test_too_many_failures_pause_it(world: World):
    await db.execute("UPDATE whatsapp_channels SET messages_per_second = 200")
    broadcast = await scheduled(world, 400)
    world.sandbox.faults.set([Command(Fault.REFUSED, share=0.8)])
    paused = await send_all(world.context, broadcast)
    assert paused.status == "PAUSED"
    assert "failed" in (paused.reason or "")
    counts = await counts_of(broadcast)
    assert counts["pending"] > 0
    assert sum(counts.values()) == 400


async def test_a_paused_broadcast_sends_nothing_more(world: World):
    broadcast = await scheduled(world, 3000)
    sending = asyncio.create_task(send_all(world.context, broadcast))
    while len(world.sandbox.accepted) < 50:
        await asyncio.sleep(0.005)
    await lifecycle.pause(world.scope, broadcast.id)
    asked_at = time.monotonic()
    await sending
    assert world.sandbox.accepted_at[-1] - asked_at < 2.0
    sent = len(world.sandbox.accepted)
    assert sent < 3000
    await broadcasts.send_slice(world.context, world.scope.workspace_id, 0)
    await broadcasts.carry_on(world.context)
    assert len(world.sandbox.accepted) == sent
    assert await counts_of(broadcast) == {"sent": sent, "pending": 3000 - sent}


async def test_a_cancelled_broadcast_skips_the_rest(world: World):
    broadcast = await scheduled(world, 1000)
    sending = asyncio.create_task(send_all(world.context, broadcast))
    while len(world.sandbox.accepted) < 20:
        await asyncio.sleep(0.005)
    await lifecycle.cancel(world.scope, broadcast.id)
    await sending
    await broadcasts.end_broadcast(world.context, world.scope.workspace_id, broadcast.id)
    sent = len(world.sandbox.accepted)
    assert await counts_of(broadcast) == {"sent": sent, "skipped": 1000 - sent}


async def test_a_small_broadcast_does_not_wait_for_a_large_one(world: World):
    world.sandbox.add_number(per_second=100)
    await db.execute("UPDATE whatsapp_channels SET messages_per_second = 100")
    large = await scheduled(world, 1500)
    await broadcasts.prepare_broadcast(world.context, world.scope.workspace_id, large.id)
    sending = asyncio.create_task(go_on(world.context, large, 60))
    while len(world.sandbox.accepted) < 20:
        await asyncio.sleep(0.005)
    segment = await a_segment(world.scope, await people(world.scope, 50, first=5000))
    small = await lifecycle.schedule(
        world.scope, (await a_draft(world.scope, segment, parameters=[FIRST_NAME])).id, None
    )
    before = len(world.sandbox.accepted)
    await broadcasts.prepare_broadcast(world.context, world.scope.workspace_id, small.id)
    while (await counts_of_now(small)).get("sent", 0) < 50:
        await asyncio.sleep(0.02)
    assert len(world.sandbox.accepted) - before < 400, "fifty, while the large one goes on at half of the pace"
    assert (await read_again(large)).status == "SENDING"
    await lifecycle.cancel(world.scope, large.id)
    await sending


async def counts_of_now(broadcast: Broadcast) -> dict[str, int]:
    rows = await db.fetch(
        "SELECT lower(status) AS status, count(*) AS n FROM messages WHERE source_id = $1 GROUP BY 1",
        broadcast.id,
    )
    return {row["status"]: row["n"] for row in rows}


async def test_a_service_that_is_out_of_reach_is_waited_for(world: World):
    broadcast = await scheduled(world, 60)
    await world.server.go_down()
    sending = asyncio.create_task(send_all(world.context, broadcast))
    await asyncio.sleep(1.0)
    assert not world.sandbox.accepted
    await world.server.come_up()
    assert (await sending).status == "COMPLETED"
    assert await counts_of(broadcast) == {"sent": 60}
    assert await db.fetch_value("SELECT max(attempts) FROM messages") == 1, "what never left counts as no try"


async def test_a_broadcast_waits_at_the_account_s_limit_and_says_so(world: World):
    await db.execute("UPDATE whatsapp_channels SET daily_limit = 30")
    broadcast = await scheduled(world, 50)
    await broadcasts.prepare_broadcast(world.context, world.scope.workspace_id, broadcast.id)
    await broadcasts.send_slice(world.context, world.scope.workspace_id, 0)
    now = await read_again(broadcast)
    assert now.status == "SENDING"
    assert "30 people in 24 hours" in (now.reason or "")
    assert await counts_of(broadcast) == {"sent": 30, "pending": 20}
    assert await sending_slots.is_resting(world.context.broker.redis, world.scope.workspace_id), (
        "nobody looks again at once"
    )
    before = "(reached_at AT TIME ZONE 'UTC' - interval '25 hours') AT TIME ZONE 'UTC'"
    await db.execute(f"UPDATE whatsapp_reached SET reached_at = {before}")
    await db.execute("UPDATE whatsapp_quotas SET counted_at = 'epoch'")
    await sending_slots.wake(world.context.broker.redis, world.scope.workspace_id)
    assert (await go_on(world.context, broadcast)).status == "COMPLETED"


async def test_disconnecting_the_channel_pauses_broadcasts(world: World):
    broadcast = await scheduled(world, 5)
    await broadcasts.prepare_broadcast(world.context, world.scope.workspace_id, broadcast.id)
    await db.execute("UPDATE whatsapp_channels SET disconnected_at = now()")
    await broadcasts.send_slice(world.context, world.scope.workspace_id, 0)
    assert (await read_again(broadcast)).status == "PAUSED"
    assert await channels.find(world.scope) is None


async def test_a_run_ends_cleanly_when_the_worker_stops(world: World):
    broadcast = await scheduled(world, 2000)
    await broadcasts.prepare_broadcast(world.context, world.scope.workspace_id, broadcast.id)
    run = asyncio.create_task(broadcasts.send_slice(world.context, world.scope.workspace_id, 0))
    while len(world.sandbox.accepted) < 30:
        await asyncio.sleep(0.005)
    world.context.stopping.set()
    await asyncio.wait_for(run, 8)
    sent = len(world.sandbox.accepted)
    assert await counts_of(broadcast) == {"sent": sent, "pending": 2000 - sent}


async def test_the_periodic_task_finds_all_work_whose_message_was_lost(world: World):
    one = await scheduled(world, 3)
    await world.context.broker.redis.flushdb()
    await broadcasts.carry_on(world.context)
    assert await world.context.broker.redis.exists(
        f"muster:enqueued:prepare_broadcast:{world.scope.workspace_id}:{one.id}"
    )
    await broadcasts.prepare_broadcast(world.context, world.scope.workspace_id, one.id)
    await world.context.broker.redis.flushdb()
    await broadcasts.carry_on(world.context)
    assert await world.context.broker.redis.exists(f"muster:enqueued:send_slice:{world.scope.workspace_id}:0")
    await lifecycle.cancel(world.scope, one.id)
    await broadcasts.carry_on(world.context)
    assert await world.context.broker.redis.exists(f"muster:enqueued:end_broadcast:{world.scope.workspace_id}:{one.id}")
