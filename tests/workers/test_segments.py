"""Workers backfill the log of segments, write daily sums, and purge segments."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.accounts import workspaces
from models.membership import backfill
from models.queue.work import Queue
from models.segments import purge as segment_purging
from models.segments import segments
from tests.kit.queue import context_without_redis, recording
from tests.kit.segments import members_of, new_contacts, replayed, static_segment
from workers import segments as tasks
from workers.context import WorkerContext


@pytest.fixture
def context(database: str) -> WorkerContext:
    return context_without_redis(Queue.BULK, database)


async def test_a_large_deletion_is_backfilled_in_steps_and_a_periodic_task_finds_the_rest(context, monkeypatch):
    monkeypatch.setattr(backfill, "AT_ONCE", 2)
    monkeypatch.setattr(tasks, "BACKFILL_SECONDS", 0.0)
    scope = await workspaces.create("Clinic")
    ids = await new_contacts(scope, 5)
    segment = await static_segment(scope, ids)
    here = scope.workspace_id, segment.id
    for change, expected in ((segments.delete, [3, 1, 0]), (segments.restore, [2, 4, 5])):
        await change(scope, segment.id)
        turns = [len(await replayed(scope, segment))]
        while await backfill.waiting():
            with recording() as sender:
                await tasks.find_unfinished_backfills(context)
            assert sender.sent == [("backfill_members", *here)]
            with recording() as sender:
                await tasks.backfill_members(context, *here)
            turns.append(len(await replayed(scope, segment)))
            assert ("process_changes", scope.workspace_id) in sender.sent
            assert (("backfill_members", *here) in sender.sent) == (await backfill.waiting() != [])
        assert turns == expected
        await tasks.backfill_members(context, *here)
    assert await members_of(scope, segment) == set(ids)


async def test_a_workspace_or_a_segment_that_fails_stops_no_other(context, monkeypatch):
    odd, even = [await workspaces.create(name) for name in ("Odd", "Even")]
    await db.execute("UPDATE workspaces SET timezone = 'Mars/Base' WHERE id = $1", odd.workspace_id)
    gone = [await static_segment(even, await new_contacts(even, 1)) for _ in range(2)]
    for segment in gone:
        await segments.delete(even, segment.id)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=31))
    purge = segment_purging.purge

    async def stumbling(workspace_id: int, segment_id: int) -> None:
        if segment_id == gone[0].id:
            raise OSError("not this one")
        await purge(workspace_id, segment_id)

    monkeypatch.setattr(segment_purging, "purge", stumbling)
    await tasks.write_days(context)
    await tasks.purge_segments(context)
    assert [row["workspace_id"] for row in await db.fetch("SELECT * FROM segment_days_written")] == [even.workspace_id]
    assert [row["id"] for row in await db.fetch("SELECT id FROM segments")] == [gone[0].id]


async def test_periodic_tasks_write_days_and_purge_and_can_be_repeated(context):
    scope = await workspaces.create("Clinic", timezone="Europe/Madrid")
    kept = await static_segment(scope, await new_contacts(scope, 2))
    gone = await static_segment(scope, await new_contacts(scope, 1))
    await segments.delete(scope, gone.id)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=31))
    for _ in range(2):
        await tasks.write_days(context)
        await tasks.purge_segments(context)
    assert [row["id"] for row in await db.fetch("SELECT id FROM segments")] == [kept.id]
    days = await db.fetch('SELECT segment_id, members, entered, "left" FROM segment_days')
    assert [tuple(row) for row in days] == [(kept.id, 2, 2, 0)]
