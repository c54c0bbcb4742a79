"""Events: in the log if and only if what they are about was committed, with a payload of their type."""

import asyncio
from contextlib import aclosing
from contextvars import Context
from dataclasses import fields
from datetime import timedelta

import pytest

from models import clock, db
from models.broadcasts import lifecycle, starting, stopping
from models.changelog import events
from models.changelog.events import EVENTS, PAYLOADS, EventType
from models.changelog.live_reader import TailLimits
from models.changelog.read import read_page
from models.changelog.tail import Tail
from models.queue import jobs, running_jobs
from models.queue.jobs import JobKind
from models.segments import segments
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment, a_sender, people
from tests.kit.segments import backfill_all, dynamic_segment, new_contacts, static_segment
from tests.kit.workspaces import new_workspace


async def logged(scope, *types):
    """The payloads of the events of these types, in order."""
    page = await read_page(scope, EVENTS, None, 100, types or None)
    return [event.payload for event in page.entries]


def test_each_type_has_its_payload_and_outside_name():
    assert set(PAYLOADS) == set(EventType)
    for event_type, payload in PAYLOADS.items():
        assert payload.type is event_type
        assert event_type.value.split(".")[0] in fields(payload)[0].name


async def test_an_event_is_logged_if_and_only_if_its_transaction_commits(database):
    scope = await new_workspace()
    deleted = events.SegmentDeleted(7, "Friends")
    with pytest.raises(RuntimeError):
        async with db.transaction():
            await events.record(scope.workspace_id, events.SegmentDeleted(6, "Rolled back"))
            raise RuntimeError
    async with db.transaction():
        await events.record(scope.workspace_id, deleted)
        await events.record(scope.workspace_id, events.SegmentRestored(7, "Friends"))
        assert await logged(scope) == []
    first, second = (await read_page(scope, EVENTS, 0, 10)).entries
    assert (first.position, first.type, first.payload) == (1, EventType.SEGMENT_DELETED, deleted)
    assert (second.position, second.type) == (2, EventType.SEGMENT_RESTORED)
    assert first.workspace_id == scope.workspace_id
    assert first.at <= second.at


async def test_an_event_holds_the_log_only_from_the_end_of_its_transaction(database):
    scope = await new_workspace()
    async with db.transaction():
        await events.record(scope.workspace_id, events.SegmentDeleted(1, "Slow"))
        await asyncio.wait_for(_record_apart(scope, events.SegmentDeleted(2, "Quick")), 5)
    assert [payload.name for payload in await logged(scope)] == ["Quick", "Slow"]


async def _record_apart(scope, payload):
    await asyncio.create_task(events.record(scope.workspace_id, payload), context=Context())


async def test_only_the_types_asked_for_are_read(database):
    scope = await new_workspace()
    for number in range(4):
        await events.record(scope.workspace_id, events.SegmentDeleted(number, ""))
        await events.record(scope.workspace_id, events.JobFinished(number, "EXPORT", "SUCCEEDED"))
    page = await read_page(scope, EVENTS, None, 3, [EventType.JOB_FINISHED])
    assert [event.position for event in page.entries] == [2, 4, 6]
    assert page.more


async def test_a_payload_of_another_version_is_read_with_what_is_known_of_it(database):
    scope = await new_workspace()
    await events.record(scope.workspace_id, events.JobFinished(1, "EXPORT", "SUCCEEDED"))
    await db.execute("""UPDATE events SET payload = payload - 'error' || '{"rows": 7}'""")
    assert await logged(scope) == [events.JobFinished(1, "EXPORT", "SUCCEEDED", None)]


async def test_events_are_followed_live_by_their_type(database):
    scope = await new_workspace()
    tail = Tail(TailLimits(look_seconds=0.02))
    async with aclosing(tail.follow(scope, EVENTS, None, 0, [EventType.JOB_FINISHED])) as batches:
        news = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0.1)
        await events.record(scope.workspace_id, events.SegmentDeleted(1, ""))
        await events.record(scope.workspace_id, events.JobFinished(2, "EXPORT", "FAILED", "no"))
        batch = await asyncio.wait_for(news, 5)
    assert [event.payload.job_id for event in batch.entries] == [2]
    assert tail.readers == {}


# ---------------------------------------------------------------- who records them


async def test_updates_deletions_and_restores_of_a_segment_are_events(database):
    scope = await new_workspace()
    segment = await static_segment(scope, await new_contacts(scope, 2), "Friends")
    await segments.update(scope, segment.id, {"name": "Old friends", "description": "From school"})
    await segments.update(scope, segment.id, {"name": "Old friends"})  # which changes nothing
    await segments.delete(scope, segment.id)
    await segments.restore(scope, segment.id)
    assert await logged(scope) == [
        events.SegmentUpdated(segment.id, "Old friends", 2, ["name", "description"]),
        events.SegmentDeleted(segment.id, "Old friends"),
        events.SegmentRestored(segment.id, "Old friends"),
    ]


async def test_a_large_segment_is_restored_after_the_entries_of_all_members(database, monkeypatch):
    monkeypatch.setattr("models.membership.backfill.AT_ONCE", 2)
    scope = await new_workspace()
    segment = await static_segment(scope, await new_contacts(scope, 5))
    await segments.delete(scope, segment.id)
    await backfill_all(scope, segment)
    await segments.restore(scope, segment.id)
    assert await logged(scope, EventType.SEGMENT_RESTORED) == []
    await backfill_all(scope, segment)
    assert await logged(scope, EventType.SEGMENT_RESTORED) == [events.SegmentRestored(segment.id, segment.name)]


async def test_a_new_rule_is_an_update_of_its_segment(database):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    await segments.update(scope, segment.id, {"rule": {"tags": {"operator": "HAS_ANY", "tags": ["gold"]}}})
    (payload,) = await logged(scope)
    assert payload.fields == ["rule"]


@pytest.mark.parametrize(
    ("end", "status", "error"),
    [
        (running_jobs.finish, "SUCCEEDED", None),
        (running_jobs.cancelled, "CANCELLED", None),
        (lambda job: running_jobs.fail(job, "the file is gone"), "FAILED", "the file is gone"),
    ],
)
async def test_a_job_has_one_event_when_it_ends(database, end, status, error):
    scope = await new_workspace()
    made = await jobs.create(scope, JobKind.EXPORT, {})
    job = await running_jobs.take(scope.workspace_id, made.id)
    await end(job)
    await end(job)
    assert await logged(scope) == [events.JobFinished(made.id, "EXPORT", status, error)]


async def test_jobs_cancelled_before_they_began_or_given_up_have_an_event(database):
    scope = await new_workspace()
    waiting, failing = [await jobs.create(scope, JobKind.EXPORT, {}) for _ in range(2)]
    await jobs.ask_cancel(scope, waiting.id)
    for _ in range(running_jobs.MAX_ATTEMPTS):
        assert await running_jobs.take(scope.workspace_id, failing.id)
        await db.execute("UPDATE jobs SET leased_until = now() - interval '1 s' WHERE id = $1", failing.id)
    assert await running_jobs.take(scope.workspace_id, failing.id) is None
    cancelled, given_up = await logged(scope)
    assert (cancelled.job_id, cancelled.status) == (waiting.id, "CANCELLED")
    assert (given_up.job_id, given_up.status) == (failing.id, "FAILED")
    assert "given up" in given_up.error


async def test_a_broadcast_has_one_event_when_it_ends(database):
    scope = await a_sender()
    segment = await a_segment(scope, await people(scope, 1))
    cancelled, sent = await a_draft(scope, segment), await a_draft(scope, segment)
    empty = await a_draft(scope, await a_segment(scope, []))
    for _ in range(2):
        await lifecycle.cancel(scope, cancelled.id)
    for broadcast in (empty, sent):
        await lifecycle.schedule(scope, broadcast.id, None)
        await starting.prepare(scope, broadcast.id)
    await db.execute("DELETE FROM messages")  # nobody is left
    for _ in range(2):
        await stopping.finish(scope.workspace_id, sent.id)
    assert await logged(scope, EventType.BROADCAST_FINISHED) == [
        events.BroadcastFinished(cancelled.id, "CANCELLED", "Cancelled by a person."),
        events.BroadcastFinished(empty.id, "COMPLETED", "Nobody was in the audience."),
        events.BroadcastFinished(sent.id, "COMPLETED", None),
    ]


async def test_a_broadcast_that_is_too_late_to_start_has_an_event(database):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1, max_lateness="PT30M")
    await lifecycle.schedule(scope, broadcast.id, clock.now() + timedelta(hours=1))
    later = clock.now() + timedelta(hours=2)
    clock.set_source(lambda: later)
    assert await starting.start_due() == []
    (payload,) = await logged(scope)
    assert (payload.broadcast_id, payload.status) == (broadcast.id, "CANCELLED")
    assert "within PT30M" in payload.reason
