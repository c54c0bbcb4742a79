"""What uses a segment: registered, refreshed, released, listed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.accounts import workspaces
from models.errors import NotFound
from models.segments import segments, uses
from models.segments.uses import UseKind
from permissions.principal import Scope
from tests.kit.segments import TAGGED_VIP, dynamic_segment, in_segment, static_segment


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


async def register(scope: Scope, ids: list[int], used_by: int = 1, **more) -> None:
    async with db.transaction():
        await uses.register(scope, ids, UseKind.BROADCAST, used_by, "June news", **more)


async def uses_of(scope: Scope, segment_id: int) -> list[tuple[str, int, str, bool]]:
    rows = (await uses.page_for_each(scope, [segment_id], 50))[segment_id]
    return [(row["kind"], row["used_by_id"], row["label"], row["active"]) for row in rows]


async def test_a_use_is_recorded_once_and_refreshed(scope):
    segment = await static_segment(scope)
    june, july = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    for moment in (july, june, july):
        clock.set_source(lambda moment=moment: moment)
        await register(scope, [segment.id])
    row = (await uses.in_use(scope, segment.id))[0]
    assert (row.label, row.first_used_at, row.last_used_at) == ("June news", july, july)
    assert (await segments.get(scope, segment.id)).last_used_at == july
    assert await uses.count_for_each(scope, [segment.id]) == {segment.id: 1}


async def test_a_released_use_stays_listed_as_a_past_one(scope):
    segment = await static_segment(scope)
    await register(scope, [segment.id])
    await uses.release(scope, UseKind.BROADCAST, 1)
    assert await uses_of(scope, segment.id) == [("BROADCAST", 1, "June news", False)]
    assert await uses.in_use(scope, segment.id) == []


async def test_replacing_leaves_exactly_these_segments_in_use(scope):
    one, two, three = [await static_segment(scope) for _ in range(3)]
    for chosen in ([one.id, two.id], [two.id, three.id]):
        async with db.transaction():
            await uses.replace(scope, chosen, UseKind.WORKFLOW, 9, "Welcome")
    active = [bool(await uses.in_use(scope, segment.id)) for segment in (one, two, three)]
    assert active == [False, True, True]


async def test_a_deleted_or_foreign_segment_takes_no_use_and_nothing_is_written(scope):
    gone, good = await static_segment(scope), await static_segment(scope)
    foreign = await static_segment(await workspaces.create("Other"))
    await segments.delete(scope, gone.id)
    for bad in (gone.id, foreign.id):
        with pytest.raises(NotFound) as caught:
            await register(scope, [good.id, bad], path=("includeSegmentIds",))
        assert caught.value.path == ("includeSegmentIds",)
    assert await uses_of(scope, good.id) == []


async def test_a_rule_uses_the_segments_that_it_mentions_as_long_as_it_does(scope):
    base = await static_segment(scope)
    dependent = await dynamic_segment(scope, {"not": in_segment(base)}, name="The others", built=False)
    assert await uses_of(scope, base.id) == [("SEGMENT", dependent.id, "The others", True)]
    await segments.update(scope, dependent.id, {"rule": TAGGED_VIP})
    assert await uses_of(scope, base.id) == [("SEGMENT", dependent.id, "The others", False)]


async def test_an_active_use_has_the_current_name_of_its_user(scope):
    base = await static_segment(scope)
    dependent = await dynamic_segment(scope, in_segment(base), name="Before", built=False)
    await segments.update(scope, dependent.id, {"name": "After"})
    assert await uses_of(scope, base.id) == [("SEGMENT", dependent.id, "After", True)]


async def test_a_deleted_segments_rule_uses_nothing_until_it_is_restored(scope):
    base = await static_segment(scope)
    dependent = await dynamic_segment(scope, in_segment(base), built=False)
    await segments.delete(scope, dependent.id)
    assert await uses.in_use(scope, base.id) == []
    await segments.restore(scope, dependent.id)
    assert len(await uses.in_use(scope, base.id)) == 1


async def test_a_segment_is_deleted_or_used_and_never_both(scope):
    for round_ in range(10):
        segment = await static_segment(scope)

        async def use(segment_id: int = segment.id, wait: float = round_ / 1000) -> None:
            await asyncio.sleep(wait)
            await register(scope, [segment_id], used_by=segment_id)

        outcomes = await asyncio.gather(segments.delete(scope, segment.id), use(), return_exceptions=True)
        deleted, used = (not isinstance(outcome, Exception) for outcome in outcomes)
        assert (deleted, used) in ((True, False), (False, True)), outcomes
        assert bool(await uses.in_use(scope, segment.id)) == used
        assert (await segments.find(scope, segment.id) is None) == deleted


async def test_the_uses_of_several_segments_come_page_by_page_last_used_first(scope):
    one, two = [await static_segment(scope) for _ in range(2)]
    start = datetime(2026, 6, 1, tzinfo=UTC)
    for day in range(4):
        clock.set_source(lambda day=day: start + timedelta(days=day))
        await register(scope, [one.id, two.id] if day < 3 else [one.id], used_by=day)
    pages = await uses.page_for_each(scope, [one.id, two.id], 2)
    assert [row["used_by_id"] for row in pages[one.id]] == [3, 2, 1]
    assert [row["used_by_id"] for row in pages[two.id]] == [2, 1, 0]
    last = pages[one.id][1]
    rest = await uses.page_for_each(scope, [one.id], 2, (last["last_used_at"], last["id"]))
    assert [row["used_by_id"] for row in rest[one.id]] == [1, 0]
