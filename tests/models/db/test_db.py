"""The door to PostgreSQL: transactions that join, end and give their connection back."""

import asyncio

import pytest

from models import db
from models.db.tables import Workspace


async def count():
    return await db.fetch_value("SELECT count(*) FROM workspaces")


async def test_sql_and_orm_share_a_transaction_and_an_error_undoes_both(database):
    with pytest.raises(RuntimeError):
        async with db.transaction():
            await db.execute("INSERT INTO workspaces (name) VALUES ('by hand')")
            await Workspace.create(name="by the ORM")
            assert await count() == await Workspace.all().count() == 2
            raise RuntimeError
    assert await count() == 0


async def test_a_nested_transaction_joins_the_outer_one(database):
    told = []

    async def tell(items):
        told.append((*items, await count()))

    async with db.transaction():
        async with db.transaction():
            await db.execute("INSERT INTO workspaces (name) VALUES ('inner')")
            await db.after_commit(tell, "inner")
        assert told == []
    assert told == [("inner", 1)]


async def test_the_last_steps_of_a_transaction_are_taken_in_it_after_all_else_and_in_order(database):
    seen = []

    def step(name, then=None):
        async def take():
            assert db.in_a_transaction()
            seen.append((name, await Workspace.all().count()))
            if then is not None:
                await db.before_commit(then)

        return take

    async with db.transaction():
        async with db.transaction():
            await db.before_commit(step("first", then=step("third")))
            await db.before_commit(step("second"))
        await Workspace.create(name="Acme")
        assert seen == []
    assert seen == [("first", 1), ("second", 1), ("third", 1)]
    await db.before_commit(step("alone"))
    assert seen[3:] == [("alone", 1)]


async def test_a_last_step_that_fails_undoes_its_transaction_and_one_that_is_undone_takes_no_last_step(database):
    async def fail():
        raise RuntimeError("in the last step")

    async def never():
        raise AssertionError

    with pytest.raises(RuntimeError, match="in the last step"):
        async with db.transaction():
            await Workspace.create(name="Acme")
            await db.before_commit(fail)
    with pytest.raises(KeyError):
        async with db.transaction():
            await db.before_commit(never)
            raise KeyError
    assert await Workspace.all().count() == 0


async def test_a_task_cancelled_at_any_moment_gives_its_connection_back(database):
    async def work():
        async with db.transaction():
            await db.execute("INSERT INTO workspaces (name) VALUES ('cancelled')")
            await db.execute("SELECT pg_sleep(0.01)")
            await asyncio.sleep(5)

    for delay in [n / 1000 for n in range(30)]:
        task = asyncio.create_task(work())
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not db.in_a_transaction()
    assert await asyncio.wait_for(count(), 5) == 0
    async with db.transaction():
        assert await Workspace.all().count() == 0


async def test_a_failed_statement_leaves_a_pool_that_works(database):
    with pytest.raises(db.PostgresError):
        async with db.transaction():
            await db.execute("SELECT 1 / 0")
    assert await count() == 0


async def test_rows_are_streamed_and_stopped_half_way(database):
    seen = []
    async for row in db.each_row("SELECT generate_series(1, 10000) AS n", prefetch=10):
        seen.append(row["n"])
        if len(seen) == 25:
            break
    assert seen == list(range(1, 26))
