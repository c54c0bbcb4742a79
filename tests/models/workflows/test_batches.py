"""The engine of workflows, batch by batch: who enters, where they go, and what is written."""

import asyncio
from contextvars import Context

from models import db
from models.membership import manual_changes
from models.membership.origins import Origin
from models.queue.work import Queue
from models.workflows import batches
from tests.kit.locks import wait_until_blocked
from tests.kit.segments import dynamic_segment, members_of, new_contacts, replayed, static_segment
from tests.kit.workers import eventually, running_worker
from tests.kit.workflows import assert_figures_add_up, ends_of, entered, graph, moved, node, running, steps_of
from tests.kit.workspaces import new_workspace

SCORED = {"field": {"field": "score", "operator": "GTE", "value": 10}}


def sorting(source, good):
    """Who enters `source` is put into `good` if the score is right."""
    return graph(
        [entered(source)],
        [
            node("scored", condition={"rule": SCORED, "yes": "add", "no": "end"}),
            node("add", segmentAdd={"segmentId": good.id, "next": "end"}),
            node("end", end={"outcome": "done"}),
        ],
    )


async def test_members_of_a_segment_walk_to_the_end_and_each_effect_happens_once(database):
    scope = await new_workspace()
    vips, good = await dynamic_segment(scope), await static_segment(scope)
    workflow_id = await running(scope, sorting(vips, good))
    (low,) = await new_contacts(scope, 1, tags=["vip"], score=1)
    (high,) = await new_contacts(scope, 1, tags=["vip"], score=10)
    await new_contacts(scope, 1)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(low, "REACHED_END"), (high, "REACHED_END")]
    assert await steps_of(scope, low) == [("scored", "no"), ("end", "done")]
    assert await steps_of(scope, high) == [("scored", "yes"), ("add", "next"), ("end", "done")]
    assert await members_of(scope, good) == {high} == await replayed(scope, good)
    await assert_figures_add_up(scope)


async def test_somebody_that_sql_puts_into_the_same_segment_meanwhile_goes_on(database):
    scope = await new_workspace()
    vips, good = await dynamic_segment(scope), await static_segment(scope)
    workflow_id = await running(scope, sorting(vips, good))
    (one,) = await new_contacts(scope, 1, tags=["vip"], score=10)
    async with db.transaction():
        await db.execute(
            "INSERT INTO memberships (workspace_id, segment_id, contact_id, origin) VALUES ($1, $2, $3, 'API')",
            scope.workspace_id,
            good.id,
            one,
        )
        batch = asyncio.create_task(moved(scope), context=Context())
        await wait_until_blocked(60)
    await batch
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]
    assert await members_of(scope, good) == {one} == await replayed(scope, good)
    await assert_figures_add_up(scope)


async def test_a_worker_moves_those_that_a_person_puts_into_a_segment(database, redis_url, broker):
    scope = await new_workspace()
    chosen, good = await static_segment(scope, name="Chosen"), await static_segment(scope)
    workflow_id = await running(scope, sorting(chosen, good))
    ids = await new_contacts(scope, 3, score=20)
    async with running_worker(Queue.REALTIME, database, redis_url):
        await manual_changes.change_members(scope, chosen.id, add=ids, origin=Origin.MANUAL)

        async def all_are_good():
            return await members_of(scope, good) == set(ids)

        await eventually(all_are_good)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END") for one in ids]


async def test_what_comes_while_somebody_else_holds_the_lock_does_not_wait_for_its_message_again(
    database, redis_url, broker
):
    scope = await new_workspace()
    chosen, good = await static_segment(scope, name="Chosen"), await static_segment(scope)
    workflow_id = await running(scope, sorting(chosen, good))
    one, other = await new_contacts(scope, 2)

    async def have_ended(count):
        return len(await ends_of(scope, workflow_id)) == count

    async with running_worker(Queue.REALTIME, database, redis_url):
        await manual_changes.change_members(scope, chosen.id, add=[one], origin=Origin.MANUAL)
        await eventually(lambda: have_ended(1))
        held = asyncio.create_task(hold_the_lock(scope, 0.5))
        await asyncio.sleep(0.1)
        await manual_changes.change_members(scope, chosen.id, add=[other], origin=Origin.MANUAL)
        await held
        await eventually(lambda: have_ended(2), 2.5)


async def hold_the_lock(scope, seconds):
    async with batches.moving(scope.workspace_id):
        await asyncio.sleep(seconds)
