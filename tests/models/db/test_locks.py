"""Advisory locks."""

import asyncio
from contextvars import Context

import pytest

from models import db


async def try_elsewhere(key: str, *, shared: bool = False) -> bool:
    """Try the lock in another transaction, though the caller may have one."""

    async def try_it() -> bool:
        async with db.transaction():
            return await db.try_advisory_lock(key, shared=shared)

    return await asyncio.create_task(try_it(), context=Context())


async def test_a_lock_is_free_again_after_its_transaction(database: str) -> None:
    async with db.transaction():
        await db.advisory_lock("a")
        assert not await try_elsewhere("a")
        assert await try_elsewhere("b")
    assert await try_elsewhere("a")


async def test_several_transactions_hold_a_shared_lock(database: str) -> None:
    async with db.transaction():
        await db.advisory_lock("a", shared=True)
        assert await try_elsewhere("a", shared=True)
        assert not await try_elsewhere("a")


async def test_a_lock_needs_a_transaction(database: str) -> None:
    with pytest.raises(AssertionError, match="needs a transaction"):
        await db.advisory_lock("a")
