"""Workers change who is inside workflows, also when one is killed, and do by themselves what is due."""

from datetime import timedelta

import pytest

from models import clock, db
from models.queue import jobs
from models.queue.work import Queue
from models.workflows import drafts
from models.workflows.lifecycle import activation, commands
from models.workflows.lifecycle.activation import Activation
from models.workflows.publishing import publish as publishing
from permissions.principal import Scope
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workers import eventually, running_worker, start_worker
from tests.kit.workflow_graphs import end_of, graph_of, trigger_of, wait_of
from tests.kit.workflow_runs import published
from tests.kit.workflows import assert_figures_add_up, inside
from tests.kit.workspaces import new_workspace
from workers.broker import Broker

SMALL_CHUNKS = """
from models.workflows.lifecycle import long_work
from models.workflows.publishing import moving
long_work.CHUNK = moving.SMALLEST = moving.LARGEST = 20
"""


async def test_a_killed_worker_leaves_a_publish_to_the_next_one_and_nobody_is_lost(
    database: str, redis_url: str, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "AT_ONCE", 10)
    scope = await new_workspace()
    people = await new_contacts(scope, 200)
    chosen = await static_segment(scope, people)
    graph = graph_of(wait_of("wait", "P1D", "end"), end_of(), triggers=[trigger_of("in", segmentEntered=chosen.id)])
    workflow = await drafts.create(scope, "Welcome", graph_json=graph)
    await published(scope, workflow.id)
    await activation.activate(scope, workflow.id, Activation(existing=True))
    first = await start_worker(Queue.BULK, database, redis_url, SMALL_CHUNKS)
    try:

        async def everybody_is_in() -> bool:
            return len(await inside(scope, workflow.id)) == len(people) and not await unfinished(scope)

        await eventually(everybody_is_in)
        new = graph_of(wait_of("other", "P1D", "end"), end_of(), triggers=graph["triggers"])
        _, _, job = await published(scope, workflow.id, new, moves={"wait": "other"})
        assert job is not None

        async def some_are_moved() -> bool:
            return (await jobs.get(scope, job.id)).done > 0

        await eventually(some_are_moved)
    finally:
        await first.kill()
    await db.execute("UPDATE jobs SET leased_until = now() WHERE leased_until IS NOT NULL")
    async with running_worker(Queue.BULK, database, redis_url, SMALL_CHUNKS):

        async def all_is_done() -> bool:
            return not await unfinished(scope)

        await eventually(all_is_done)
        assert sorted(await inside(scope, workflow.id)) == [(one, "other", "WAITING") for one in people]
        await assert_figures_add_up(scope)
        await commands.archive(scope, workflow.id)
        assert await inside(scope, workflow.id) == []
        await assert_figures_add_up(scope)


async def unfinished(scope: Scope) -> list[int]:
    rows = await db.fetch(
        "SELECT id FROM jobs WHERE workspace_id = $1 AND finished_at IS NULL ORDER BY id", scope.workspace_id
    )
    return [row["id"] for row in rows]


async def test_later_activations_and_empty_workflows_need_nobody(database: str, redis_url: str, broker: Broker) -> None:
    scope = await new_workspace()
    graph = graph_of(wait_of("wait", "P1D", "end"), end_of())
    ids = [(await drafts.create(scope, name, graph_json=graph)).id for name in ("Later", "Draining")]
    for one in ids:
        await published(scope, one)
    await activation.activate(scope, ids[0], Activation(at=clock.now() + timedelta(seconds=1)))
    await activation.activate(scope, ids[1], Activation())
    await commands.drain(scope, ids[1])

    async def it_is_done() -> bool:
        return [(await drafts.get(scope, one)).status for one in ids] == ["ACTIVE", "ARCHIVED"]

    async with running_worker(Queue.BULK, database, redis_url):
        await eventually(it_is_done)
