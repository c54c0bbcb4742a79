"""Transactions: joined, ended, followed and cancelled."""

import asyncio

import pytest

from models import db
from models.db.tables import Workspace


async def count():
    return await db.fetch_value("SELECT count(*) FROM workspaces")


async def test_an_error_rolls_back_sql_and_orm_alike(database):
    with pytest.raises(RuntimeError):
        async with db.transaction():
            await db.execute("INSERT INTO workspaces (name) VALUES ('by SQL')")
            await Workspace.create(name="by the ORM")
            assert await count() == await Workspace.all().count() == 2
            raise RuntimeError
    assert await count() == 0


async def test_a_nested_transaction_joins_the_outer_one(database):
    heard = []

    async def hear(items):
        heard.append((*items, await count()))

    async with db.transaction():
        async with db.transaction():
            await db.execute("INSERT INTO workspaces (name) VALUES ('inner')")
            await db.after_commit(hear, "inner")
        assert heard == []
    assert heard == [("inner", 1)]


async def test_a_savepoint_undoes_only_what_was_done_in_it(database):
    heard = []

    async def hear(items):
        heard.extend(items)

    async def a_step():
        heard.append("step")

    async with db.transaction():
        await db.after_commit(hear, "before")
        with pytest.raises(db.PostgresError):
            async with db.savepoint():
                await Workspace.create(name="undone")
                await db.after_commit(hear, "undone")
                await db.before_commit(a_step)
                await db.execute("SELECT 1 / 0")
        async with db.savepoint():
            await db.execute("INSERT INTO workspaces (name) VALUES ('kept')")
            await db.after_commit(hear, "kept")
    assert await count() == 1
    assert heard == ["before", "kept"]


async def test_steps_before_the_commit_run_last_and_in_order(database):
    rows = []

    def step(name, then=None):
        async def run():
            assert db.in_a_transaction()
            rows.append((name, await Workspace.all().count()))
            if then is not None:
                await db.before_commit(then)

        return run

    async with db.transaction():
        async with db.transaction():
            await db.before_commit(step("first", then=step("third")))
            await db.before_commit(step("second"))
        await Workspace.create(name="Acme")
        assert rows == []
    assert rows == [("first", 1), ("second", 1), ("third", 1)]
    await db.before_commit(step("alone"))
    assert rows[3:] == [("alone", 1)]


async def test_a_failed_step_rolls_back_and_a_rollback_runs_no_step(database):
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
