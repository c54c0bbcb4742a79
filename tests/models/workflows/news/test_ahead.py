"""The page that follows a batch is read while the batch is written: everybody enters once, whichever process goes on."""

from collections import OrderedDict
from random import Random

import pytest

from models import db
from models.membership import manual_changes
from models.membership.origins import Origin
from models.workflows import batches, engine_lock, plans
from models.workflows.news import ahead
from models.workflows.sources import READER
from models.workflows.writing import trails
from tests.kit.killing import Killed, killed_after
from tests.kit.segments import members_of, new_contacts, static_segment
from tests.kit.workflows import assert_figures_add_up, ends_of, entered, graph, moved, node, running
from tests.kit.workspaces import new_workspace

LIMIT = 4
"""Of a batch, which is written in as many parts."""


@pytest.fixture(params=["steps in the transaction", "steps beside it"])
async def world(database, monkeypatch, request):
    """A workspace, a workflow that puts members of one segment into another one, both segments, and 30 contacts."""
    if request.param == "steps beside it":
        monkeypatch.setattr(trails, "MANY", 1)
    scope = await new_workspace()
    chosen, good = await static_segment(scope, name="Chosen"), await static_segment(scope)
    add = node("add", segmentAdd={"segmentId": good.id, "next": "end"})
    nodes = [add, node("end", end={})]
    workflow_id = await running(scope, graph([entered(chosen)], nodes, reentry={"policy": "EVERY_TIME"}))
    ids = await new_contacts(scope, 30)
    await moved(scope)
    return scope, workflow_id, chosen, good, ids


async def position(scope):
    return await db.fetch_value(
        "SELECT position FROM changelog_readers WHERE workspace_id = $1 AND reader_kind = $2",
        scope.workspace_id,
        READER.kind,
    )


async def read_ahead(scope, after):
    """Takes what this process has read after a position."""
    async with db.transaction():
        lock = await engine_lock.find(scope.workspace_id)
        assert lock is not None
        running_now = await plans.current(lock)
    assert running_now is not None
    page = ahead.take(running_now, LIMIT, after)
    return None if page is None else [change.contact_id for change in page.changes]


async def is_killed_after(scope, statements):
    try:
        with killed_after(statements):
            await batches.process_batch(scope.workspace_id, LIMIT)
    except Killed:
        return True
    return False


async def test_the_next_page_is_read_and_is_taken_once_and_only_at_its_position(world):
    scope, _, chosen, _, ids = world
    await manual_changes.change_members(scope, chosen.id, add=ids, origin=Origin.MANUAL)
    await batches.process_batch(scope.workspace_id, LIMIT)
    at = await position(scope)
    assert await read_ahead(scope, at) == ids[LIMIT : 2 * LIMIT]
    assert await read_ahead(scope, at) is None
    await batches.process_batch(scope.workspace_id, LIMIT)
    assert await read_ahead(scope, at) is None


async def test_nothing_is_read_ahead_of_a_batch_that_failed_or_of_what_runs_no_longer(world):
    scope, _, chosen, good, ids = world
    await manual_changes.change_members(scope, chosen.id, add=ids, origin=Origin.MANUAL)
    before, statements = await position(scope), 0
    while await is_killed_after(scope, statements):
        assert await position(scope) == before
        assert await read_ahead(scope, before + LIMIT) is None
        statements += 1
    assert statements > 40
    assert await position(scope) == before + LIMIT
    add = node("add", segmentAdd={"segmentId": good.id, "next": "end"})
    await running(scope, graph([entered(chosen)], [add, node("end", end={})]), name="Another")
    assert await read_ahead(scope, await position(scope)) is None


@pytest.mark.parametrize("seed", range(3))
async def test_everybody_enters_once_in_the_order_of_the_log_though_workers_change_and_die(world, monkeypatch, seed):
    scope, workflow_id, chosen, good, ids = world
    processes = [OrderedDict(), OrderedDict()]
    random, waiting = Random(seed), list(ids)
    random.shuffle(waiting)
    order = list(waiting)
    more = True
    while more or waiting:
        some, waiting = waiting[:9], waiting[9:]
        for one in some:  # each is an append of its own: pages begin and end anywhere among them
            await manual_changes.change_members(scope, chosen.id, add=[one], origin=Origin.MANUAL)
        monkeypatch.setattr(ahead, "_kept", random.choice(processes))
        limit = random.choice([LIMIT, LIMIT, LIMIT, 7])
        try:
            with killed_after(random.choice([20, 60, 90, 100_000])):
                done = await batches.process_batch(scope.workspace_id, limit)
                more = done is not None and done.more
        except Killed:
            more = True
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END") for one in order]
    assert await members_of(scope, good) == set(ids)
    await assert_figures_add_up(scope)
