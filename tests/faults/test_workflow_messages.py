"""Workers of both kinds are killed while a workflow sends: by the sandbox's count nobody gets a message twice, and all go on."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from models import db
from models.membership import manual_changes
from models.membership.origins import Origin
from models.queue.work import Queue
from tests.faults.test_broadcasts import World, a_world, accepted
from tests.kit.broadcasts import people, template
from tests.kit.segments import members_of, static_segment
from tests.kit.workers import WorkerProcess, eventually, start_worker
from tests.kit.workflows import assert_figures_add_up, graph, node, running

SIZE = 150

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(database: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(database, redis_url) as made:
        yield made


async def greeting_all(world: World) -> tuple[int, Any, Any]:
    """Who is put into a segment is greeted, and then kept in another one."""
    start, done = [await static_segment(world.scope, name=name) for name in ("Start", "Done")]
    greeting = await template(world.scope, "greeting")
    parameters = [{"name": "1", "field": "name", "fallback": "friend"}]
    nodes = [
        node("greet", send={"templateId": greeting.id, "parameters": parameters, "next": "add", "failed": "end"}),
        node("add", segmentAdd={"segmentId": done.id, "next": "end"}),
        node("end", end={}),
    ]
    entered = {"key": "entered", "on": {"segmentEntered": start.id}}
    return await running(world.scope, graph([entered], nodes)), start, done


async def test_killed_workers_send_to_nobody_twice_and_leave_nobody_inside(world: World):
    dice = random.Random(3)
    _, start, done = await greeting_all(world)
    ids = await people(world.scope, SIZE)
    engines: list[WorkerProcess] = []

    async def hire_an_engine() -> None:
        engines.append(await start_worker(Queue.REALTIME, world.database_url, world.redis_url))

    try:
        await asyncio.gather(world.hire(2), hire_an_engine(), hire_an_engine())
        await manual_changes.change_members(world.scope, start.id, add=ids, origin=Origin.MANUAL)
        for number in range(4):
            await eventually(accepted(world, SIZE * number // 5 + 10), 60)
            await asyncio.sleep(dice.random() * 0.3)
            await asyncio.gather(engines.pop(0).kill(), hire_an_engine(), *([world.kill_one()] if number == 1 else []))

        async def nobody_is_inside() -> bool:
            return not await db.fetch("SELECT 1 FROM enrollments LIMIT 1") and bool(
                await db.fetch_value("SELECT count(*) = $1 FROM enrollments_ended", SIZE)
            )

        await eventually(nobody_is_inside, 60)
    finally:
        await asyncio.gather(*(engine.kill() for engine in engines))
    assert set(world.sandbox.accepted.values()) == {1}, "somebody was accepted twice"
    rows = await db.fetch("SELECT status, count(*) AS n FROM messages GROUP BY status")
    counts = {row["status"]: row["n"] for row in rows}
    assert sum(counts.values()) == SIZE, "each arrival has one message"
    assert set(counts) <= {"SENT", "DELIVERED", "READ", "UNCONFIRMED"}
    assert await members_of(world.scope, done) == set(ids)
    assert await db.fetch_value("SELECT count(*) FROM membership_changes WHERE segment_id = $1", done.id) == SIZE
    await assert_figures_add_up(world.scope)
