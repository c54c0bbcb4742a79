"""Segments deleted too long ago are removed completely, and only those."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from models import clock, db
from models.accounts import workspaces
from models.errors import NotFound
from models.membership import audit, backfill, manual_changes
from models.segments import purge, segments
from models.segments.segments import Segment
from permissions.principal import Scope
from tests.kit.segments import (
    backfill_all,
    dynamic_segment,
    in_segment,
    members_of,
    new_contacts,
    replayed,
    static_segment,
)


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


@pytest.fixture(autouse=True)
def _four_at_once(monkeypatch) -> None:
    monkeypatch.setattr(backfill, "AT_ONCE", 4)


async def half_deleted(scope: Scope) -> tuple[Segment, list[int]]:
    """A deleted segment of ten members; the exits of the first four are logged."""
    ids = await new_contacts(scope, 10)
    segment = await static_segment(scope, ids)
    outcome = await segments.delete(scope, segment.id)
    assert outcome.backfilling
    return segment, ids


async def stored(segment: Segment) -> Segment:
    return await Segment.get(id=segment.id)


async def test_a_segment_is_backfilled_before_it_is_purged(scope):
    segment, _ = await half_deleted(scope)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=31))
    assert await purge.expired() == []
    await purge.purge(scope.workspace_id, segment.id)
    assert len(await members_of(scope, segment)) == 10
    await backfill_all(scope, segment)
    assert await purge.expired() == [(scope.workspace_id, segment.id)]
    await purge.purge(scope.workspace_id, segment.id)
    assert await members_of(scope, segment) == set() == await replayed(scope, segment)


async def test_a_purge_that_is_half_done_is_no_drift(scope, monkeypatch):
    await dynamic_segment(scope)
    segment, _ = await half_deleted(scope)
    await backfill_all(scope, segment)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=31))
    monkeypatch.setattr(manual_changes, "MAX_AT_ONCE", 3)
    forget, forgotten = manual_changes.forget_segment, []

    async def dying(workspace_id: int, segment_id: int) -> int:
        if len(forgotten) == 2:
            raise OSError("the worker is gone")
        forgotten.append(await forget(workspace_id, segment_id))
        return forgotten[-1]

    monkeypatch.setattr(manual_changes, "forget_segment", dying)
    with pytest.raises(OSError, match="gone"):
        await purge.purge(scope.workspace_id, segment.id)
    assert (len(await members_of(scope, segment)), (await stored(segment)).member_count) == (4, 10)
    assert (await audit.step(scope.workspace_id)).drift == 0
    monkeypatch.setattr(manual_changes, "forget_segment", forget)
    await purge.purge(scope.workspace_id, segment.id)
    assert not await Segment.exists(id=segment.id)


async def test_a_segment_restored_in_the_last_second_is_not_purged(scope):
    segment, ids = await half_deleted(scope)
    await backfill_all(scope, segment)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=29, hours=23, minutes=59))
    await segments.restore(scope, segment.id)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=30, minutes=1))
    await purge.purge(scope.workspace_id, segment.id)
    await backfill_all(scope, segment)
    assert await members_of(scope, segment) == set(ids) == await replayed(scope, segment)


async def test_a_purge_and_a_restoration_at_once_leave_all_of_it_or_nothing(scope):
    """The purge has found the segment past restoring by its clock; the restoration has found it in time by another's."""
    for seed in range(6):
        random = Random(seed)
        segment = await static_segment(scope, await new_contacts(scope, 3))
        await segments.delete(scope, segment.id)
        clock.set_source(lambda: datetime.now(UTC) + timedelta(days=30, seconds=-0.005))

        async def restore(segment_id: int = segment.id, wait: float = random.random() / 50) -> None:
            await asyncio.sleep(wait)
            await segments.restore(scope, segment_id)

        async def purge_soon(segment_id: int = segment.id, wait: float = random.random() / 50) -> None:
            await asyncio.sleep(wait)
            await purge.purge(scope.workspace_id, segment_id)

        _, restored = await asyncio.gather(purge_soon(), restore(), return_exceptions=True)
        members = await members_of(scope, segment)
        assert len(members) == (0 if isinstance(restored, NotFound) and not await Segment.exists(id=segment.id) else 3)
        assert await replayed(scope, segment) == (members if restored is None else set())
        clock.set_source(None)


async def test_a_segment_deleted_thirty_days_ago_is_purged_completely(scope):
    segment = await dynamic_segment(scope, in_segment(await static_segment(scope, await new_contacts(scope, 2))))
    await segments.delete(scope, segment.id)
    assert await purge.expired() == []
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=31))
    assert await purge.expired() == [(scope.workspace_id, segment.id)]
    await purge.purge(scope.workspace_id, segment.id)
    for table in ("memberships", "segment_uses"):
        assert await db.fetch_value(f"SELECT count(*) FROM {table} WHERE segment_id = $1", segment.id) == 0
    assert await db.fetch_value("SELECT count(*) FROM segment_uses WHERE used_by_id = $1", segment.id) == 0
    assert await db.fetch_value("SELECT count(*) FROM segments") == 1
    await purge.purge(scope.workspace_id, segment.id)
