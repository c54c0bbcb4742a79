"""Workers keep segments right while the rest of Muster writes."""

import asyncio
import time
from datetime import timedelta

from models import clock, db
from models.membership import feed
from tests.kit.engine import assert_all_is_right
from tests.kit.segments import TAGGED_VIP, dynamic_segment, members_of, new_contacts
from tests.kit.workers import eventually, running_worker
from tests.kit.workspaces import new_workspace
from workers.bells import Bells, Queue


async def test_a_change_is_taken_in_when_its_bell_rings_and_when_nobody_rings(database, redis_url):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    one, two = await new_contacts(scope, 2)
    bells = Bells(redis_url)
    async with running_worker(Queue.REALTIME, database, redis_url):
        await eventually(lambda: _nothing_waits(scope))
        await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = $1", one)
        await bells.changes(scope.workspace_id)
        await eventually(lambda: _are_members(scope, vips, {one}))
        started = time.monotonic()
        await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = $1", two)
        await eventually(lambda: _are_members(scope, vips, {one, two}))
        assert time.monotonic() - started < 1
        await assert_all_is_right(scope)
    await bells.close()


async def test_time_is_taken_in_though_nothing_is_written(database, redis_url):
    scope = await new_workspace()
    rule = {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "P30D"}}
    silent = await dynamic_segment(scope, rule)
    async with running_worker(Queue.REALTIME, database, redis_url):
        await new_contacts(scope, 1)
        await eventually(lambda: _nothing_waits(scope))
        crosses_at = clock.now() + timedelta(seconds=2)
        (contact_id,) = await new_contacts(scope, 1, last_interaction_at=crosses_at - timedelta(days=30))
        await eventually(lambda: _are_members(scope, silent, {contact_id}))
        (change,) = (await feed.read(scope, None, 10)).changes
        assert timedelta(0) <= change.at - crosses_at < timedelta(seconds=2)


async def test_a_new_rule_is_built_though_its_bell_was_lost(database, redis_url):
    scope = await new_workspace()
    vips = await dynamic_segment(scope, TAGGED_VIP, built=False)
    (contact_id,) = await new_contacts(scope, 1, tags=["vip"])
    async with (
        running_worker(Queue.BULK, database, redis_url),
        running_worker(Queue.REALTIME, database, redis_url),
    ):
        await eventually(lambda: _are_members(scope, vips, {contact_id}))


async def test_a_worker_that_is_asked_to_stop_ends_well(database, redis_url):
    scope = await new_workspace()
    await dynamic_segment(scope)
    async with running_worker(Queue.REALTIME, database, redis_url) as worker:
        await new_contacts(scope, 3, tags=["vip"])
        await eventually(lambda: _nothing_waits(scope))
        started = asyncio.get_running_loop().time()
        assert await worker.stop() == 0
        assert asyncio.get_running_loop().time() - started < 3


async def _nothing_waits(scope):
    return not await db.fetch_value(
        "SELECT EXISTS (SELECT FROM dirty_contacts WHERE workspace_id = $1)", scope.workspace_id
    )


async def _are_members(scope, segment, expected):
    return await members_of(scope, segment) == expected
