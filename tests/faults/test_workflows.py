"""Workers of workflows killed at any statement, several at once, Redis emptied: each effect happens once, and figures add up."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from random import Random

import pytest

from models import clock, db
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.delete import delete_contacts
from models.membership import batches as segment_batches
from models.membership import manual_changes
from models.membership.origins import Origin
from models.queue.work import Queue
from models.workflows import batches
from models.workflows.writing import trails
from tests.kit.engine import assert_all_is_right
from tests.kit.killing import Killed, killed_after
from tests.kit.segments import dynamic_segment, in_segment, members_of, new_contacts, static_segment
from tests.kit.workers import eventually, start_worker
from tests.kit.workflows import assert_figures_add_up, entered, graph, moved, node, running, steps_of
from tests.kit.workspaces import new_workspace

pytestmark = pytest.mark.slow

POINTS = 5
END = node("end", end={})


def all_effects(trigger, good, follows):
    """A workflow in which everything is changed that a workflow can change by itself."""
    nodes = [
        node("points", fieldSet={"field": "score", "increment": POINTS, "next": "tag"}) | {"limit": {"total": 10_000}},
        node("tag", tagsChange={"add": ["seen"], "remove": ["new"], "next": "record"}),
        node("record", activityRecord={"kind": "welcome", "next": "add"}),
        node("add", segmentAdd={"segmentId": good.id, "next": "follows"}),
        node("follows", condition={"rule": in_segment(follows), "yes": "wait", "no": "end"}),
        node("wait", wait={"for": "PT1S", "next": "end"}),
        END,
    ]
    return graph([trigger], nodes, reentry={"policy": "EVERY_TIME"})


WAY = ["next", "next", "next", "next", "yes", "waits", "next", "done"]


@pytest.mark.parametrize("many", [1, trails.MANY], ids=["steps beside it", "steps in the transaction"])
async def test_a_batch_that_is_killed_at_any_statement_has_done_nothing(database, monkeypatch, many):
    monkeypatch.setattr(trails, "MANY", many)
    scope = await new_workspace()
    chosen, good = await static_segment(scope, name="Chosen"), await static_segment(scope)
    follows = await dynamic_segment(scope, in_segment(good))
    await running(scope, all_effects(entered(chosen), good, follows))
    ids, (deleted,) = await new_contacts(scope, 3, tags=["new"]), await new_contacts(scope, 1)
    await manual_changes.change_members(scope, chosen.id, add=[*ids, deleted], origin=Origin.MANUAL)
    killed = 0
    while await is_killed_after(scope, killed):
        killed += 1
    assert killed > 50
    await delete_contacts(scope, [deleted])
    started_at = clock.now()
    clock.set_source(lambda: started_at + timedelta(seconds=2))
    killed = 0
    while await is_killed_after(scope, killed):
        killed += 1
    await moved(scope)
    for one in ids:
        assert [outcome for _, outcome in await steps_of(scope, one)] == WAY
    scores = await db.fetch("SELECT score, tags FROM contacts ORDER BY id")
    assert [tuple(row) for row in scores] == [(POINTS, ["seen"])] * len(ids)
    assert await db.fetch_value("SELECT count(*) FROM activities WHERE kind = 'welcome'") == len(ids)
    assert await members_of(scope, good) == set(ids) == await members_of(scope, follows)
    await assert_figures_add_up(scope)
    await assert_all_is_right(scope)


async def is_killed_after(scope, statements):
    """Runs both engines twice, or until the statement at which they are killed."""
    try:
        with killed_after(statements):
            for _ in range(2):
                await segment_batches.process_batch(scope.workspace_id, 500)
                await batches.process_batch(scope.workspace_id)
    except Killed:
        return True
    return False


async def test_workers_that_are_killed_side_by_side_do_everything_once(database, redis_url, broker):
    random = Random(7)
    scope = await new_workspace()
    good = await static_segment(scope)
    follows = await dynamic_segment(scope, in_segment(good))
    bought = {"key": "bought", "on": {"activity": {"kind": "purchase"}}}
    await running(scope, all_effects(bought, good, follows) | {"reentry": {"policy": "EVERY_TIME", "key": "order"}})
    ids = await new_contacts(scope, 20)
    bought_by = dict.fromkeys(ids, 0)

    async def buy(times):
        for order in range(times):
            for one in random.sample(ids, 3):
                bought_by[one] += 1
                await activities.record(scope, [NewActivity("purchase", one, properties={"order": f"{order}"})])
            await asyncio.sleep(0.03)

    async with AsyncExitStack() as stack:
        crew = [await start_worker(Queue.REALTIME, database, redis_url) for _ in range(2)]
        stack.push_async_callback(lambda: asyncio.gather(*(worker.kill() for worker in crew)))
        buying = asyncio.create_task(buy(60))
        while not buying.done():
            await asyncio.sleep(0.4 + random.random())
            place = random.randrange(2)
            await crew[place].kill()
            crew[place] = await start_worker(Queue.REALTIME, database, redis_url)
            await broker.redis.flushall()
        await buying

        async def all_have_ended():
            return await db.fetch_value("SELECT count(*) FROM enrollments_ended") == sum(bought_by.values())

        await eventually(all_have_ended, 40)
    scores = {row["id"]: row["score"] for row in await db.fetch("SELECT id, score FROM contacts")}
    assert scores == {one: POINTS * times for one, times in bought_by.items()}
    welcomes = dict(
        await db.fetch("SELECT contact_id, count(*)::int FROM activities WHERE kind = 'welcome' GROUP BY 1")
    )
    assert welcomes == {one: times for one, times in bought_by.items() if times}
    assert await db.fetch_value("SELECT count(*) FROM workflow_steps") == len(WAY) * sum(bought_by.values())
    await assert_figures_add_up(scope)
