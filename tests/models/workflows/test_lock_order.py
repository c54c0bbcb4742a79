"""Batches, imports and merges lock the same contacts and segments in one order: nobody waits for who waits for it."""

import asyncio
import contextvars

import pytest

from models import db
from models.contacts import activities
from models.contacts import tags as contact_tags
from models.contacts.activities import NewActivity
from models.identity.merge import merge_contacts
from models.membership import builds, manual_changes
from models.membership.origins import Origin
from models.workflows import batches
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.locks import deadlocks, wait_until_blocked
from tests.kit.segments import members_of, new_contacts, static_segment
from tests.kit.transfers import imported, undone
from tests.kit.workflows import assert_figures_add_up, ends_of, graph, moved, node, running
from tests.kit.workspaces import new_workspace

END = node("end", end={})
BOUGHT = {"key": "bought", "on": {"activity": {"kind": "purchase"}}}


@pytest.fixture
async def scope(database):
    return await new_workspace()


async def buy(scope, *contact_ids):
    await activities.record(scope, [NewActivity("purchase", one) for one in contact_ids])


async def other_way_round(scope, first, then):
    """Somebody takes `first`, and as soon as another one waits for a lock, `then`."""
    held = asyncio.Event()

    async def other():
        async with db.transaction():
            await first()
            held.set()
            await wait_until_blocked()
            await then()

    task = asyncio.create_task(other())
    await held.wait()
    await batches.process_batch(scope.workspace_id)
    await task


def writes(contact_id):
    return lambda: db.execute("UPDATE contacts SET first_name = 'Ana' WHERE id = $1", contact_id)


async def test_a_segment_that_comes_after_contacts_on_the_way_is_locked_before_them(scope):
    chosen = await static_segment(scope)
    nodes = [
        node("tag", tagsChange={"add": ["seen"], "next": "add"}),
        node("add", segmentAdd={"segmentId": chosen.id, "next": "end"}),
        END,
    ]
    workflow_id = await running(scope, graph([BOUGHT], nodes))
    (one,) = await new_contacts(scope, 1)
    await buy(scope, one)
    await settled(scope)
    swap = builds.swap_lock(scope.workspace_id, chosen.id)
    await other_way_round(scope, lambda: db.advisory_lock(swap), writes(one))
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]
    assert await members_of(scope, chosen) == {one}
    assert await db.fetch("SELECT tags, first_name FROM contacts") == [(["seen"], "Ana")]
    await assert_figures_add_up(scope)


async def test_contacts_of_a_later_node_are_locked_in_the_order_of_their_ids(scope):
    scores = [node("score", fieldSet={"field": "score", "increment": 1, "next": "end"}), END]
    tags = [
        node("record", activityRecord={"kind": "seen", "next": "tag"}),
        node("tag", tagsChange={"add": ["x"], "next": "end"}),
        END,
    ]
    await running(scope, graph([BOUGHT], scores))
    tagging = await running(scope, graph([{"key": "visited", "on": {"activity": {"kind": "visit"}}}], tags))
    first, second = await new_contacts(scope, 2)
    await activities.record(scope, [NewActivity("visit", first), NewActivity("purchase", second)])
    await settled(scope)
    await other_way_round(scope, writes(first), writes(second))
    assert await ends_of(scope, tagging) == [(first, "REACHED_END")]
    rows = await db.fetch("SELECT tags, score, first_name FROM contacts ORDER BY id")
    assert rows == [(["x"], 0, "Ana"), ([], 1, "Ana")]
    assert await db.fetch_value("SELECT count(*) FROM activities WHERE kind = 'seen'") == 1


async def test_batches_imports_and_merges_of_the_same_people_never_end_each_other(scope, database):
    one, two = await static_segment(scope), await static_segment(scope)
    nodes = [
        node("tag", tagsChange={"add": ["seen"], "next": "two"}),
        node("two", segmentAdd={"segmentId": two.id, "next": "score"}),
        node("score", fieldSet={"field": "score", "increment": 1, "next": "one"}),
        node("one", segmentAdd={"segmentId": one.id, "next": "record"}),
        node("record", activityRecord={"kind": "seen", "next": "out"}),
        node("out", segmentRemove={"segmentId": two.id, "next": "end"}),
        END,
    ]
    await running(scope, graph([BOUGHT], nodes, reentry={"policy": "EVERY_TIME"}))
    keys = [f"p{number}" for number in range(60)]
    ids = [(await new_contacts(scope, 1, external_id=key))[0] for key in keys]
    before, over = await deadlocks(database), asyncio.Event()

    async def move():
        while not over.is_set():
            await buy(scope, *ids[:50][::-1])
            await moved(scope)

    async def bring_in():
        for number in range(6):
            rows = "".join(f"{key},{number}{key}\n" for key in keys[:50][:: -1 if number % 2 else 1])
            segment_id = (one.id, two.id)[number % 2]
            content = f"external_id,first_name\n{rows}"
            job = await imported(scope, content, overwrite=True, add_to_segment_id=segment_id)
            await undone(scope, job)

    async def merge():
        for kept, merged in zip(ids[50:60:2], ids[51:60:2], strict=True):
            await manual_changes.change_members(scope, two.id, add=[kept, merged], origin=Origin.MANUAL)
            await merge_contacts(scope, kept, merged, {})

    moving = asyncio.create_task(move())
    await asyncio.gather(bring_in(), merge())
    over.set()
    await moving
    await settled(scope)
    assert await deadlocks(database) == before
    await assert_all_is_right(scope)
    await assert_figures_add_up(scope)


async def test_an_import_that_waits_for_somebody_has_nobody_who_comes_later(scope, database):
    """It changes a key, so it waits for an activity of the first: what it has of the others then must not be in the way."""
    ids = [(await new_contacts(scope, 1, external_id=f"p{number}"))[0] for number in range(20)]
    content = "external_id,first_name\n" + "".join(f"p{number},Ana\n" for number in reversed(range(20)))
    async with db.transaction():
        await buy(scope, ids[0])
        bringing_in = asyncio.create_task(imported(scope, content, overwrite=True), context=contextvars.Context())
        await wait_until_blocked()
        others = "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) FOR UPDATE NOWAIT"
        await db.fetch(others, scope.workspace_id, ids[1:])
        await buy(scope, *ids[1:])
    await bringing_in
    assert await db.fetch_value("SELECT count(*) FROM activities WHERE kind = 'purchase'") == 20
    assert await db.fetch_value("SELECT count(*) FROM contacts WHERE first_name = 'Ana'") == 20


def tags_one(name, after):
    return node(f"tag_{name}", tagsChange={"add": [name], "next": after})


SCORE = node("score", fieldSet={"field": "score", "increment": 1, "next": "tag_new"})


@pytest.mark.parametrize(
    ("nodes", "first", "then"),
    [
        (
            [SCORE, tags_one("new", "end")],
            lambda scope, _: contact_tags.spell(scope, ["new"]),
            lambda _, one: writes(one)(),
        ),
        (
            [tags_one("b", "tag_a"), tags_one("a", "end")],
            lambda scope, _: contact_tags.spell(scope, ["a"]),
            lambda scope, _: contact_tags.spell(scope, ["b"]),
        ),
        ([SCORE, tags_one("new", "end")], lambda scope, _: contact_tags.hold_all(scope), lambda _, one: writes(one)()),
    ],
    ids=["created and then used", "created by two", "taken away"],
)
async def test_tags_that_come_late_on_the_way_are_locked_before_contacts(scope, nodes, first, then):
    workflow_id = await running(scope, graph([BOUGHT], [*nodes, END]))
    (one,) = await new_contacts(scope, 1)
    await buy(scope, one)
    await settled(scope)
    await other_way_round(scope, lambda: first(scope, one), lambda: then(scope, one))
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END")]
    assert await db.fetch_value("SELECT cardinality(tags) FROM contacts WHERE id = $1", one) == len(nodes) - (
        SCORE in nodes
    )
