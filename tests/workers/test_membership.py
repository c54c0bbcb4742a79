"""Workers keep segments right while the rest of Muster writes."""

import asyncio
from datetime import timedelta

import pytest

from models import clock, db
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.membership import compiled_rules
from models.membership.statements import Statement
from models.queue import work
from models.queue.enqueue import enqueue
from models.queue.work import Queue
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.queue import NoBroker, context_without_redis, recording
from tests.kit.segments import TAGGED_VIP, dynamic_segment, many_contacts, members_of, new_contacts
from tests.kit.workers import eventually, running_worker
from tests.kit.workspaces import new_workspace
from workers import membership
from workers.runner import STOP_SECONDS


async def test_a_change_is_processed_with_and_without_a_message(database, redis_url, broker):
    scope = await new_workspace()
    vips = await dynamic_segment(scope)
    one, two = await new_contacts(scope, 2)
    async with running_worker(Queue.REALTIME, database, redis_url):
        await eventually(lambda: _nothing_waits(scope))
        await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = $1", one)
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
        await eventually(lambda: _are_members(scope, vips, {one}))
        await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = $1", two)
        await eventually(lambda: _are_members(scope, vips, {one, two}))
        await assert_all_is_right(scope)


async def test_crossings_are_processed_though_nothing_is_written(database, redis_url):
    scope = await new_workspace()
    rule = {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "P30D"}}
    silent = await dynamic_segment(scope, rule)
    async with running_worker(Queue.REALTIME, database, redis_url):
        await new_contacts(scope, 1)
        await eventually(lambda: _nothing_waits(scope))
        crosses_at = clock.now() + timedelta(seconds=2)
        (contact_id,) = await new_contacts(scope, 1, last_interaction_at=crosses_at - timedelta(days=30))
        await eventually(lambda: _are_members(scope, silent, {contact_id}))
        (change,) = (await read_page(scope, MEMBERS, None, 10)).entries
        assert timedelta(0) <= change.at - crosses_at < timedelta(seconds=2)


async def test_a_new_rule_is_built_though_its_message_was_lost(database, redis_url):
    scope = await new_workspace()
    vips = await dynamic_segment(scope, TAGGED_VIP, built=False)
    (contact_id,) = await new_contacts(scope, 1, tags=["vip"])
    async with (
        running_worker(Queue.BULK, database, redis_url),
        running_worker(Queue.REALTIME, database, redis_url),
    ):
        await eventually(lambda: _are_members(scope, vips, {contact_id}))


SMALL_SLICES = "from workers import membership; membership.FIRST = membership.SMALLEST = membership.LARGEST = 50"


async def test_bulk_changes_delay_neither_another_workspace_nor_an_edit(database, redis_url):
    """Thousands wait, fifty are processed at a time; an edit made meanwhile is processed long before the last of them."""
    flooded, other = await new_workspace(), await new_workspace("Other")
    segments = [await dynamic_segment(scope) for scope in (flooded, other)]
    edited = [(await new_contacts(scope, 1))[0] for scope in (flooded, other)]
    await many_contacts(flooded, 20_000)
    await db.execute(_FLOOD)
    async with running_worker(Queue.REALTIME, database, redis_url, SMALL_SLICES):
        await eventually(lambda: _fewer_wait_than(19_900))
        await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = ANY ($1)", edited)
        for scope, segment, contact_id in zip((flooded, other), segments, edited, strict=True):
            await eventually(lambda scope=scope, segment=segment, who={contact_id}: _are_members(scope, segment, who))
        assert not await _fewer_wait_than(1_000)


_FLOOD = """
INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
SELECT workspace_id, id, '{tags}', true FROM contacts WHERE name LIKE 'contact %'
"""


async def _fewer_wait_than(contacts):
    return await db.fetch_value("SELECT count(*) FROM dirty_contacts") < contacts


async def test_a_batch_is_as_large_as_a_quarter_of_a_second_allows():
    def learnt(size, seconds, more=True):
        sizes = membership.BatchSizes(first=size)
        sizes.learn(0, seconds, more=more)
        return sizes.next(0)

    assert learnt(500, 0.1) == 1_000
    assert learnt(500, 0.1, more=False) == 500
    assert learnt(500, 0.3) == 500
    assert learnt(1_000, 1.0) == 250
    assert learnt(5_000, 0.01) == membership.LARGEST
    assert learnt(60, 10) == membership.SMALLEST


class Acknowledging(NoBroker):
    """Notes what is acknowledged between what is sent."""

    def __init__(self, sent):
        self.sent = sent

    async def acknowledge(self, work, *ids):
        self.sent.append(("acknowledged", *ids))


async def test_after_its_batch_a_workspace_goes_to_the_end_of_the_queue(database, monkeypatch):
    scope = await new_workspace()
    await dynamic_segment(scope)
    await new_contacts(scope, 3, tags=["vip"])
    monkeypatch.setattr(membership, "LARGEST", 1)
    monkeypatch.setattr(membership, "batch_sizes", membership.BatchSizes(first=1))
    ws = scope.workspace_id
    with recording() as sender:
        context = context_without_redis(Queue.REALTIME, broker=Acknowledging(sender.sent))
        await membership.process_changes(context, ws)
        assert sender.sent == [("acknowledged", ws), ("log_grew", ws), ("process_changes", ws)]
        while sender.sent[-1] == ("process_changes", ws):
            await membership.process_changes(context, ws)
    await assert_all_is_right(scope)


async def test_a_rule_that_fails_in_the_audit_is_set_aside_and_stops_no_other_workspace(database, monkeypatch):
    scope, other = await new_workspace(), await new_workspace("Other")
    broken, whole = await dynamic_segment(scope), await dynamic_segment(scope)
    elsewhere = await dynamic_segment(other)
    for one in (scope, other):
        await new_contacts(one, 2, tags=["vip"])
        await settled(one)
    compile_statement = compiled_rules.evaluation

    def with_a_flaw(workspace_id, timezone, segment_ids, rules):
        made = compile_statement(workspace_id, timezone, segment_ids, rules)
        return Statement(made.sql + " LIMIT 1 / 0", made.parameters) if broken.id in segment_ids else made

    monkeypatch.setattr(compiled_rules, "evaluation", with_a_flaw)
    compiled_rules.forget()
    context = context_without_redis(Queue.BULK)
    with pytest.raises(db.PostgresError):
        await membership.audit_next(context)
    statuses = await db.fetch("SELECT id, status FROM segments ORDER BY id")
    assert {row["id"]: row["status"] for row in statuses} == {
        broken.id: "FAILED",
        whole.id: "READY",
        elsewhere.id: "READY",
    }
    for _ in range(2):
        await membership.audit_next(context)
    rows = await db.fetch("SELECT workspace_id, compared FROM membership_audits")
    assert {row["workspace_id"]: row["compared"] for row in rows} == {scope.workspace_id: 2, other.workspace_id: 2}
    compiled_rules.forget()


async def test_a_worker_that_is_asked_to_stop_ends_well(database, redis_url):
    scope = await new_workspace()
    await dynamic_segment(scope)
    async with running_worker(Queue.REALTIME, database, redis_url) as worker:
        await new_contacts(scope, 3, tags=["vip"])
        await eventually(lambda: _nothing_waits(scope))
        started = asyncio.get_running_loop().time()
        assert await worker.stop() == 0
        assert asyncio.get_running_loop().time() - started < STOP_SECONDS, "nothing had to be cancelled"


async def _nothing_waits(scope):
    return not await db.fetch_value(
        "SELECT EXISTS (SELECT FROM dirty_contacts WHERE workspace_id = $1)", scope.workspace_id
    )


async def _are_members(scope, segment, expected):
    return await members_of(scope, segment) == expected
