"""What the workers do for segments by themselves: members told of, days written down, what is past restoring purged."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.accounts import workspaces
from models.membership import backfill
from models.segments import purge as segment_purging
from models.segments import segments
from tests.kit.segments import members_of, new_contacts, replayed, static_segment
from workers import segments as tasks
from workers.bells import NoBells, Queue
from workers.context import WorkerConfig, WorkerContext


@pytest.fixture
def context(database: str) -> WorkerContext:
    return WorkerContext(Queue.BULK, WorkerConfig(database, "redis://nowhere"), NoBells(), asyncio.Event())


class Rung(NoBells):
    """Remembers who was rung for."""

    def __init__(self) -> None:
        self.heard: list[tuple] = []

    async def job(self, queue: Queue, task: str, *args: int) -> None:
        self.heard.append((queue, task, *args))

    async def answered(self, task: str, *args: int) -> None:
        self.heard.clear()


async def test_the_members_of_a_large_deletion_are_told_in_turns_and_a_sweep_finds_what_is_left(database, monkeypatch):
    monkeypatch.setattr(backfill, "AT_ONCE", 2)
    monkeypatch.setattr(tasks, "BACKFILL_SECONDS", 0.0)
    bells = Rung()
    context = WorkerContext(Queue.BULK, WorkerConfig(database, "redis://nowhere"), bells, asyncio.Event())
    scope = await workspaces.create("Clinic")
    ids = await new_contacts(scope, 5)
    segment = await static_segment(scope, ids)
    here = scope.workspace_id, segment.id
    for change, expected in ((segments.delete, [3, 1, 0]), (segments.restore, [2, 4, 5])):
        await change(scope, segment.id)
        turns = [len(await replayed(scope, segment))]
        while await backfill.waiting():
            await tasks.find_unfinished_backfills(context)
            assert bells.heard == [(Queue.BULK, "backfill_members", *here)]
            await tasks.backfill_members(context, *here)
            turns.append(len(await replayed(scope, segment)))
            assert (Queue.REALTIME, "process_changes", scope.workspace_id) in bells.heard
            assert ((Queue.BULK, "backfill_members", *here) in bells.heard) == (await backfill.waiting() != [])
            bells.heard.clear()
        assert turns == expected
        await tasks.backfill_members(context, *here)
    assert await members_of(scope, segment) == set(ids)


async def test_a_workspace_or_a_segment_that_fails_holds_up_no_other(context, monkeypatch):
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


async def test_the_sweeps_write_days_down_and_purge_and_do_so_again_without_harm(context):
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
