"""Statements that are committed on a second connection before the transaction that they run beside."""

import asyncio
from contextvars import Context

import pytest

from models import db
from tests.models.db.test_pipeline import WRITE, keys

SLOW = "INSERT INTO sign_in_attempts (key, attempts, ends_at) SELECT 'slow', 1, now() FROM pg_sleep(30)"


async def keys_that_others_see() -> set[str]:
    return await asyncio.create_task(keys(), context=Context())


async def test_statements_run_in_their_order_and_are_committed_first(database: str) -> None:
    async with db.Beside() as beside, db.transaction():
        await db.execute(WRITE, "of the transaction", 1)
        await beside.execute(WRITE, "first", 1)
        await beside.execute("UPDATE sign_in_attempts SET key = 'second' WHERE key = 'first'")
        await beside.commit()
        await beside.commit()
        assert await keys_that_others_see() == {"second"}
    assert await keys() == {"of the transaction", "second"}


async def test_nobody_waits_for_a_statement_before_the_commit(database: str) -> None:
    loop = asyncio.get_running_loop()
    async with db.Beside() as beside, db.transaction():
        started = loop.time()
        await beside.execute("SELECT pg_sleep(0.4)")
        assert await db.fetch_value("SELECT 1") == 1
        assert loop.time() - started < 0.35
        await beside.commit()
        assert loop.time() - started >= 0.4


async def test_what_was_committed_stays_when_the_transaction_is_rolled_back(database: str) -> None:
    with pytest.raises(LookupError):
        async with db.Beside() as beside, db.transaction():
            await db.execute(WRITE, "of the transaction", 1)
            await beside.execute(WRITE, "beside", 1)
            await beside.commit()
            raise LookupError
    assert await keys() == {"beside"}


@pytest.mark.parametrize("how", ["by an error", "from outside", "at its end"])
async def test_what_is_not_committed_is_undone_and_its_connection_is_free_at_once(database: str, how: str) -> None:
    sent = asyncio.Event()

    async def write() -> None:
        async with db.Beside() as beside, db.transaction():
            await beside.execute(WRITE, "first", 1)
            await beside.execute(SLOW)
            await asyncio.sleep(0.05)
            sent.set()
            if how == "by an error":
                raise LookupError
            if how == "from outside":
                await beside.commit()

    writing = asyncio.ensure_future(write())
    await sent.wait()
    if how == "from outside":
        await asyncio.sleep(0.05)
        writing.cancel()
    async with asyncio.timeout(10):
        found = (await asyncio.gather(writing, return_exceptions=True))[0]
    assert isinstance(found, {"by an error": LookupError, "from outside": asyncio.CancelledError}.get(how, type(None)))
    assert await keys() == set()
    assert not await db.fetch_value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active'"
                                    " AND pid <> pg_backend_pid()")  # fmt: skip


@pytest.mark.parametrize("last", [True, False])
async def test_an_error_of_a_statement_is_raised_by_what_follows(database: str, last: bool) -> None:
    async def write() -> None:
        async with db.Beside() as beside, db.transaction():
            await db.execute(WRITE, "of the transaction", 1)
            await beside.execute(WRITE, "twice", 2)
            if last:
                await beside.commit()
            else:
                async with asyncio.timeout(10):
                    while True:
                        await beside.execute(WRITE, "more", 1)
                        await asyncio.sleep(0.01)

    with pytest.raises(db.UniqueViolation):
        await write()
    assert await keys() == set()


async def test_it_is_free_where_a_connection_is_free_and_never_inside_a_transaction(database: str) -> None:
    async with db.Beside() as beside:
        assert beside.is_free
        async with db.transaction(), db.Beside() as inside:
            assert not inside.is_free
        held = asyncio.Event()

        async def hold() -> None:
            async with db.transaction():
                await held.wait()

        holders = [asyncio.create_task(hold(), context=Context()) for _ in range(10)]
        async with asyncio.timeout(10):
            while beside.is_free:
                await asyncio.sleep(0.01)
        held.set()
        await asyncio.gather(*holders)
        assert beside.is_free
