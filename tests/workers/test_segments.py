"""What the workers do for segments by themselves: days written down, what is past restoring purged."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db, segments, workspaces
from tests.kit.segments import new_contacts, static_segment
from workers import segments as tasks
from workers.bells import NoBells, Queue
from workers.tasks import Desk, WorkerConfig


@pytest.fixture
def desk(database: str) -> Desk:
    return Desk(Queue.BULK, WorkerConfig(database, "redis://nowhere"), NoBells(), asyncio.Event())


async def test_the_sweeps_write_days_down_and_purge_and_do_so_again_without_harm(desk):
    scope = await workspaces.create("Clinic", timezone="Europe/Madrid")
    kept = await static_segment(scope, await new_contacts(scope, 2))
    gone = await static_segment(scope, await new_contacts(scope, 1))
    await segments.delete(scope, gone.id)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=31))
    for _ in range(2):
        await tasks.write_days(desk)
        await tasks.purge_segments(desk)
    assert [row["id"] for row in await db.fetch("SELECT id FROM segments")] == [kept.id]
    days = await db.fetch('SELECT segment_id, members, entered, "left" FROM segment_days')
    assert [tuple(row) for row in days] == [(kept.id, 2, 2, 0)]
