"""Lists of segments: narrowed, ordered, and read page by page without a gap."""

from datetime import UTC, datetime, time, timedelta

import pytest

from models import clock, db
from models.accounts import workspaces
from models.segments import lists, segments, uses
from models.segments.lists import SegmentFilter, SegmentOrder
from models.segments.segments import SegmentKind, SegmentStatus
from models.segments.uses import UseKind
from permissions.principal import Scope
from tests.kit.segments import dynamic_segment, new_contacts, static_segment

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


async def names(scope: Scope, order: SegmentOrder = SegmentOrder.NAME_ASC, **wanted) -> list[str]:
    rows = await lists.page(scope, SegmentFilter(**wanted), order, 50)
    assert await lists.count(scope, SegmentFilter(**wanted)) == len(rows)
    return [row["name"] for row in rows]


async def use(scope: Scope, segment_id: int, days: int, active: bool = False) -> None:
    clock.set_source(lambda: START + timedelta(days=days))
    async with db.transaction():
        await uses.register(scope, [segment_id], UseKind.EXPORT, 1, "export", active=active)
    clock.set_source(None)


@pytest.fixture
async def some(scope: Scope) -> dict[str, int]:
    """Five segments: sizes 0 to 4, every other one used, at different times."""
    contacts = await new_contacts(scope, 4)
    found = {}
    for number, name in enumerate(["delta", "Alpha", "charlie", "BRAVO", "alpha"]):
        segment = await static_segment(scope, contacts[:number], name=name)
        found[f"{name}{number}"] = segment.id
        if number % 2:
            await use(scope, segment.id, days=10 - number)
    return found


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("NAME_ASC", ["Alpha", "alpha", "BRAVO", "charlie", "delta"]),
        ("NAME_DESC", ["delta", "charlie", "BRAVO", "alpha", "Alpha"]),
        ("CREATED_AT_ASC", ["delta", "Alpha", "charlie", "BRAVO", "alpha"]),
        ("CREATED_AT_DESC", ["alpha", "BRAVO", "charlie", "Alpha", "delta"]),
        ("MEMBER_COUNT_DESC", ["alpha", "BRAVO", "charlie", "Alpha", "delta"]),
        ("LAST_USED_AT_ASC", ["delta", "charlie", "alpha", "BRAVO", "Alpha"]),
        ("LAST_USED_AT_DESC", ["Alpha", "BRAVO", "alpha", "charlie", "delta"]),
    ],
)
async def test_each_order_lists_all_of_them_whatever_the_size_of_the_page(scope, some, order, expected):
    assert await names(scope, SegmentOrder(order)) == expected
    for size in (1, 2, 3):
        read, after = [], None
        while True:
            rows = await lists.page(scope, SegmentFilter(), SegmentOrder(order), size, after)
            read += [row["name"] for row in rows[:size]]
            if len(rows) <= size:
                break
            after = (rows[size - 1]["sort_key"], rows[size - 1]["id"])
        assert read == expected


@pytest.mark.parametrize("order", SegmentOrder)
async def test_every_order_lists_equal_segments_once(scope, order):
    ids = [(await static_segment(scope, name="the same")).id for _ in range(7)]
    await db.execute("UPDATE segments SET created_at = $1, member_count = 3", START)
    await db.execute("UPDATE segments SET last_used_at = $1 WHERE id % 2 = 0", START)
    read, after = [], None
    while True:
        rows = await lists.page(scope, SegmentFilter(), order, 2, after)
        read += [row["id"] for row in rows[:2]]
        if len(rows) <= 2:
            break
        after = (rows[1]["sort_key"], rows[1]["id"])
    assert sorted(read) == ids


async def test_those_come_first_whose_size_differs_most_from_a_week_ago(scope, some):
    """Of the sizes 0 to 4, against the newest written day that had ended when the last seven days began."""
    midnight = datetime.combine(clock.now().date(), time(), UTC)
    written = (("Alpha", 8, 1), ("Alpha", 7, 9), ("charlie", 30, 2), ("BRAVO", 6, 5), ("alpha", 7, 3), ("alpha", 2, 99))
    for name, days_ago, members in written:
        await db.execute(
            """
            INSERT INTO segment_days (workspace_id, segment_id, starts_at, ends_at, members, entered, "left")
            SELECT $1, id, $3::timestamptz, $3::timestamptz + interval '1 day', $4, 0, 0 FROM segments WHERE name = $2
            """,
            scope.workspace_id,
            name,
            midnight - timedelta(days=days_ago),
            members,
        )
    # Alpha 1 of 9, BRAVO 3 of none, alpha 4 of 3, charlie 2 of 2, delta none of none
    rows = await lists.page(scope, SegmentFilter(), SegmentOrder.MOVED_DESC, 50)
    assert [(row["name"], row["sort_key"]) for row in rows] == [
        *(("Alpha", 8), ("BRAVO", 3), ("alpha", 1), ("charlie", 0), ("delta", 0))
    ]
    after = (rows[1]["sort_key"], rows[1]["id"])
    rest = await lists.page(scope, SegmentFilter(), SegmentOrder.MOVED_DESC, 50, after)
    assert [row["name"] for row in rest] == ["alpha", "charlie", "delta"]


async def test_search_ignores_case_and_takes_wildcards_literally(scope):
    for name in ("Botox 50% off", "BOTOX regulars", "Peeling"):
        await static_segment(scope, name=name)
    assert await names(scope, search=" botox ") == ["Botox 50% off", "BOTOX regulars"]
    assert await names(scope, search="0%") == ["Botox 50% off"]
    assert await names(scope, search="_") == []


async def test_the_list_can_be_filtered_by_kind(scope):
    await static_segment(scope, name="chosen")
    await dynamic_segment(scope, name="by rule", built=False)
    assert await names(scope, kind=SegmentKind.DYNAMIC) == ["by rule"]
    assert await names(scope, kind=SegmentKind.DYNAMIC_PLUS) == []


async def test_those_whose_rule_could_not_be_computed_are_found(scope):
    await dynamic_segment(scope, name="fits")
    broken = await dynamic_segment(scope, name="does not fit")
    await db.execute("UPDATE segments SET status = 'FAILED' WHERE id = $1", broken.id)
    assert await names(scope, status=SegmentStatus.FAILED) == ["does not fit"]
    assert await lists.count(scope, SegmentFilter(status=SegmentStatus.READY)) == 1


async def test_unused_since_finds_segments_not_used_since_then_or_never(scope):
    ids = {name: (await static_segment(scope, name=name)).id for name in ("never", "long ago", "lately", "in use")}
    await use(scope, ids["long ago"], days=1)
    await use(scope, ids["lately"], days=20)
    await use(scope, ids["in use"], days=1, active=True)
    assert await names(scope, unused_since=START + timedelta(days=10)) == ["long ago", "never"]
    assert await names(scope, unused_since=START + timedelta(days=21)) == ["lately", "long ago", "never"]


async def test_deleted_segments_are_listed_apart_while_they_can_be_restored(scope):
    kept, gone = await static_segment(scope, name="kept"), await static_segment(scope, name="gone")
    await segments.delete(scope, gone.id)
    assert await names(scope) == ["kept"]
    assert await names(scope, deleted=True) == ["gone"]
    assert [row["id"] for row in await lists.by_ids(scope, [kept.id, gone.id])] == [kept.id]
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=31))
    assert await names(scope, deleted=True) == []


async def test_another_workspace_sees_none_of_them(scope, some):
    assert await names(await workspaces.create("Other")) == []
