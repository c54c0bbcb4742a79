"""A connection is given back without a task when nothing is left to do; these hold what that takes of asyncpg's private parts."""

import asyncio
from typing import Any

import asyncpg
import pytest

from models import db
from models.db.release import released_at_once


@pytest.fixture
async def pool(database: str) -> Any:
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
        yield pool


async def test_a_connection_that_is_as_good_as_new_goes_back_at_once(pool: Any) -> None:
    for _ in range(3):
        borrowed = await asyncio.wait_for(pool.acquire(), 5)
        assert pool.get_idle_size() == 0
        assert await borrowed.fetchval("SELECT 1") == 1
        assert released_at_once(borrowed)
        assert pool.get_idle_size() == 1
        with pytest.raises(asyncpg.InterfaceError):
            await borrowed.fetchval("SELECT 1")
        assert not released_at_once(borrowed)


async def test_a_connection_in_a_transaction_is_left_to_the_pool(pool: Any) -> None:
    borrowed = await pool.acquire()
    await borrowed.execute("BEGIN")
    assert not released_at_once(borrowed)
    await borrowed.execute("ROLLBACK")
    assert released_at_once(borrowed)


async def test_a_connection_whose_statement_is_being_cancelled_is_left_to_the_pool(pool: Any) -> None:
    borrowed = await pool.acquire()
    sleep = "SELECT pg_sleep($1)"
    await borrowed.fetchval(sleep, 0)  # prepares it: a time-out before it was sent leaves nothing to cancel
    with pytest.raises(TimeoutError):
        await borrowed.fetchval(sleep, 60, timeout=0.2)
    assert not released_at_once(borrowed)
    await pool.release(borrowed)
    assert await pool.fetchval("SELECT 1") == 1


async def test_a_connection_that_is_closed_or_too_old_is_left_to_the_pool(pool: Any) -> None:
    borrowed = await pool.acquire()
    await pool.expire_connections()
    assert not released_at_once(borrowed)
    await pool.release(borrowed)
    borrowed = await pool.acquire()
    await borrowed.close()
    assert not released_at_once(borrowed)
    await pool.release(borrowed)
    assert await pool.fetchval("SELECT 1") == 1


async def test_statements_that_are_cancelled_or_fail_leave_the_pool_whole(database: str) -> None:
    for moment in range(20):
        task = asyncio.ensure_future(db.fetch("SELECT pg_sleep(0.01)"))
        await asyncio.sleep(moment / 1000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(asyncpg.PostgresError):
            await db.fetch("SELECT 1 / 0")
    assert await asyncio.wait_for(asyncio.gather(*(db.fetch_value("SELECT 1") for _ in range(50))), 10) == [1] * 50
