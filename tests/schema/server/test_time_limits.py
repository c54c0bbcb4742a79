"""Blocks under one limit share a timer, and each ends as it would with a timer of its own."""

import asyncio

import pytest

from schema.server.time_limits import TimeLimit


async def outcome(limit: TimeLimit, seconds: float) -> str:
    try:
        with limit.block():
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "late"
    return "done"


async def test_each_block_has_its_own_time() -> None:
    limit = TimeLimit(0.1)
    loop = asyncio.get_running_loop()
    first = asyncio.create_task(outcome(limit, 5))
    await asyncio.sleep(0.06)
    began = loop.time()
    second = asyncio.create_task(outcome(limit, 5))
    short = [asyncio.create_task(outcome(limit, 0.01)) for _ in range(20)]
    assert await first == "late"
    assert not second.done()
    assert [await task for task in short] == ["done"] * 20
    assert await second == "late"
    assert 0.09 <= loop.time() - began < 1
    assert not limit.running


async def test_a_limit_without_blocks_sets_no_timer_again() -> None:
    limit = TimeLimit(0.02)
    assert await outcome(limit, 0) == "done"
    assert limit.timer is not None
    await asyncio.sleep(0.05)
    assert limit.timer is None
    assert await outcome(limit, 1) == "late"


async def test_a_cancellation_from_elsewhere_is_no_lateness() -> None:
    limit = TimeLimit(0.03)
    task = asyncio.create_task(outcome(limit, 5))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def both() -> str:
        with limit.block():
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                asyncio.current_task().cancel()  # type: ignore[union-attr]
                raise
        return "done"

    late_and_cancelled = asyncio.create_task(both())
    with pytest.raises(asyncio.CancelledError):
        await late_and_cancelled


async def test_an_error_of_the_block_comes_out_unchanged() -> None:
    limit = TimeLimit(5)
    with pytest.raises(KeyError), limit.block():
        raise KeyError
    assert not limit.running


def test_a_limit_outlives_an_event_loop() -> None:
    limit = TimeLimit(0.05)

    async def begin_and_leave() -> None:
        limit.block().__enter__()

    asyncio.run(begin_and_leave())
    assert asyncio.run(outcome(limit, 0)) == "done"
    assert asyncio.run(outcome(limit, 5)) == "late"
