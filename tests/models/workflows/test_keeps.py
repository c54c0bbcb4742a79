"""Members that SEGMENT_KEEP keeps: until when, and what ends it before."""

from collections.abc import Iterator

import pytest

from models.contacts.selections import ContactSelection
from models.membership import manual_changes
from models.membership.origins import Origin
from models.segments import segments
from models.segments.segments import Segment
from models.workflows.lifecycle import contacts
from permissions.principal import Scope
from tests.kit.segments import members_of, new_contacts, replayed, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of
from tests.kit.workflow_runs import Clock, activated, standing_clock
from tests.kit.workflows import moved
from tests.kit.workspaces import new_workspace


@pytest.fixture
def time() -> Iterator[Clock]:
    with standing_clock() as clock:
        yield clock


async def keeping(scope: Scope, chosen: Segment, *, renew: bool = True, days: int = 7) -> int:
    keep = node_of("keep", "segmentKeep", segmentId=chosen.id, for_=f"P{days}D", renew=renew, next="end")
    return await activated(scope, graph_of(keep, end_of(), reentry={"policy": "EVERY_TIME"}), f"Keep {days} days")


async def add(scope: Scope, workflow_id: int, contact_id: int) -> None:
    await contacts.add(scope, workflow_id, ContactSelection(ids=(contact_id,)))
    await moved(scope)


async def put_in(scope: Scope, chosen: Segment, contact_id: int) -> None:
    await manual_changes.change_members(scope, chosen.id, add=[contact_id], origin=Origin.MANUAL)
    await moved(scope)


async def take_out(scope: Scope, chosen: Segment, contact_id: int) -> None:
    await manual_changes.change_members(scope, chosen.id, remove=[contact_id], origin=Origin.MANUAL)
    await moved(scope)


async def after_days(scope: Scope, time: Clock, days: int) -> None:
    time.wait(days=days)
    await moved(scope)


async def test_who_was_taken_out_and_put_in_again_by_a_person_stays(database: str, time: Clock) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    workflow_id = await keeping(scope, chosen)
    (one,) = await new_contacts(scope, 1)
    await add(scope, workflow_id, one)
    await after_days(scope, time, 1)
    await take_out(scope, chosen, one)
    await after_days(scope, time, 1)
    await put_in(scope, chosen, one)
    await after_days(scope, time, 7)
    assert await members_of(scope, chosen) == {one} == await replayed(scope, chosen)


async def test_who_is_kept_again_after_it_was_taken_out_is_kept_for_the_whole_time(database: str, time: Clock) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    workflow_id = await keeping(scope, chosen, renew=False)
    (one,) = await new_contacts(scope, 1)
    await add(scope, workflow_id, one)
    await after_days(scope, time, 1)
    await take_out(scope, chosen, one)
    await after_days(scope, time, 5)
    await add(scope, workflow_id, one)
    await after_days(scope, time, 6)
    assert await members_of(scope, chosen) == {one}
    await after_days(scope, time, 1)
    assert await members_of(scope, chosen) == set()


async def test_a_longer_time_of_a_member_that_left_is_not_that_of_the_next_one(database: str, time: Clock) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    long, short = await keeping(scope, chosen, days=30), await keeping(scope, chosen, days=2)
    (one,) = await new_contacts(scope, 1)
    await add(scope, long, one)
    await after_days(scope, time, 1)
    await take_out(scope, chosen, one)
    await after_days(scope, time, 1)
    await add(scope, short, one)
    await after_days(scope, time, 2)
    assert await members_of(scope, chosen) == set()


async def test_a_deleted_segment_that_is_restored_has_no_member_whose_time_is_over(database: str, time: Clock) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    workflow_id = await keeping(scope, chosen)
    (one,) = await new_contacts(scope, 1)
    await add(scope, workflow_id, one)
    await segments.delete(scope, chosen.id, force=True)
    await after_days(scope, time, 8)
    await segments.restore(scope, chosen.id)
    time.wait(hours=1)
    await moved(scope)
    assert await members_of(scope, chosen) == set()


async def test_a_member_whose_writer_has_a_clock_that_is_ahead_is_taken_out(database: str, time: Clock) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    workflow_id = await keeping(scope, chosen)
    (one,) = await new_contacts(scope, 1)
    time.wait(seconds=5)
    await manual_changes.change_members(scope, chosen.id, add=[one], origin=Origin.MANUAL)
    time.wait(seconds=-5)
    await add(scope, workflow_id, one)
    await after_days(scope, time, 7)
    assert await members_of(scope, chosen) == set()
