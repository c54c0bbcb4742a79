"""Rows that several requests want at once are looked up together, and each request sees what was committed before it."""

import asyncio
from collections.abc import Collection

import pytest

from models.db.batched_lookups import MOST_AT_ONCE, BatchedLookups
from models.db.shares import present_share, run_for


class Rows:
    """`asked` has the keys of each look-up by group; a look-up waits for `go`. Odd keys have no row, and -1 is an error."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, set[int]]] = []
        self.go = asyncio.Event()

    async def find(self, group: str, keys: Collection[int]) -> dict[int, str]:
        self.asked.append((group, set(keys)))
        assert present_share() is None, "a look-up is not for the caller that was first"
        await self.go.wait()
        if -1 in keys:
            raise OSError("PostgreSQL is away")
        return {key: f"{group}{key}" for key in keys if key % 2 == 0}


@pytest.fixture
async def rows() -> Rows:
    return Rows()


def ask(lookups: BatchedLookups[str, int, str], group: str, *keys: int) -> list["asyncio.Task[str | None]"]:
    return [asyncio.ensure_future(lookups.get(group, key)) for key in keys]


async def test_each_group_is_looked_up_by_itself_and_each_key_once(rows: Rows) -> None:
    lookups = BatchedLookups(rows.find)
    run_for("a workspace", "a caller")
    rows.go.set()
    found = await asyncio.gather(*ask(lookups, "a", 2, 4, 3, 2), *ask(lookups, "b", 2))
    assert found == ["a2", "a4", None, "a2", "b2"]
    assert rows.asked == [("a", {2, 3, 4}), ("b", {2})]
    assert not lookups.waiting
    assert not lookups.looking


async def test_who_asks_during_a_look_up_gets_one_that_begins_later_and_groups_do_not_wait_for_each_other(
    rows: Rows,
) -> None:
    lookups = BatchedLookups(rows.find)
    first = ask(lookups, "a", 2)
    await asyncio.sleep(0.01)
    later = [*ask(lookups, "a", 2, 4), *ask(lookups, "b", 6)]
    await asyncio.sleep(0.01)
    assert rows.asked == [("a", {2}), ("b", {6})]
    rows.go.set()
    assert await asyncio.gather(*first, *later) == ["a2", "a2", "a4", "b6"]
    assert rows.asked[2:] == [("a", {2, 4})]


async def test_a_failure_is_that_of_those_who_waited_for_it(rows: Rows) -> None:
    lookups = BatchedLookups(rows.find)
    failing = ask(lookups, "a", -1, 2)
    await asyncio.sleep(0.01)
    later = ask(lookups, "a", 4)
    rows.go.set()
    assert [type(error) for error in await asyncio.gather(*failing, return_exceptions=True)] == [OSError, OSError]
    assert await later[0] == "a4"


async def test_who_is_cancelled_disturbs_nobody(rows: Rows) -> None:
    lookups = BatchedLookups(rows.find)
    gone, there = ask(lookups, "a", 2, 4)
    await asyncio.sleep(0.01)
    gone.cancel()
    rows.go.set()
    assert await there == "a4"
    assert gone.cancelled()


async def test_a_look_up_takes_so_many_keys_at_most(rows: Rows) -> None:
    lookups = BatchedLookups(rows.find)
    rows.go.set()
    keys = range(0, 2 * MOST_AT_ONCE + 10, 2)
    assert await asyncio.gather(*ask(lookups, "a", *keys)) == [f"a{key}" for key in keys]
    assert [len(keys) for _, keys in rows.asked] == [MOST_AT_ONCE, 5]
