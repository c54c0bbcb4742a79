"""Statements of a transaction that run while Python prepares the next one."""

import asyncio
from typing import Any

import pytest

from models import db
from models.db.tables.accounts import Workspace

WRITE = "INSERT INTO sign_in_attempts (key, attempts, ends_at) SELECT $1, n, now() FROM generate_series(1, $2::integer) AS n"
SLOW = "INSERT INTO sign_in_attempts (key, attempts, ends_at) SELECT 'slow', 1, now() FROM pg_sleep(30)"


async def keys() -> set[str]:
    return {row["key"] for row in await db.fetch("SELECT key FROM sign_in_attempts")}


async def test_statements_run_in_their_order_and_end_with_the_block(database: str) -> None:
    async with db.transaction():
        async with db.Pipeline() as pipeline:
            await pipeline.finish()
            await pipeline.execute(WRITE, "first", 1)
            await pipeline.execute(WRITE, "second", 1)
            await pipeline.execute("UPDATE sign_in_attempts SET key = 'third' WHERE key = 'second'")
        assert await keys() == {"first", "third"}
    assert await keys() == {"first", "third"}


async def test_python_goes_on_while_postgresql_works(database: str) -> None:
    loop = asyncio.get_running_loop()
    async with db.transaction(), db.Pipeline() as pipeline:
        await pipeline.execute("SELECT $1::text", "prepared before")
        started = loop.time()
        await pipeline.execute("SELECT pg_sleep(0.3)")
        assert loop.time() - started < 0.25
        await pipeline.finish()
        assert loop.time() - started >= 0.3


@pytest.mark.parametrize("last", [True, False])
async def test_an_error_of_a_statement_is_raised_and_undoes_the_transaction(database: str, last: bool) -> None:
    async def write() -> None:
        async with db.transaction(), db.Pipeline() as pipeline:
            await pipeline.execute(WRITE, "first", 1)
            await pipeline.execute(WRITE, "twice", 2)
            if not last:
                await pipeline.execute(WRITE, "third", 1)

    with pytest.raises(db.PostgresError):
        await write()
    assert await keys() == set()


@pytest.mark.parametrize("how", ["by an error", "from outside"])
async def test_a_block_that_is_left_frees_the_connection_at_once(database: str, how: str) -> None:
    sent = asyncio.Event()

    async def write() -> Any:
        async with db.transaction(), db.Pipeline() as pipeline:
            await pipeline.execute(WRITE, "first", 1)
            await pipeline.execute(SLOW)
            sent.set()
            if how == "by an error":
                raise LookupError
            await asyncio.sleep(30)

    writing = asyncio.ensure_future(write())
    await sent.wait()
    if how == "from outside":
        writing.cancel()
    async with asyncio.timeout(10):
        with pytest.raises(LookupError if how == "by an error" else asyncio.CancelledError):
            await writing
    assert await keys() == set()


async def test_other_statements_wait_for_the_one_that_runs_and_overtake_those_that_wait(database: str) -> None:
    async with db.transaction(), db.Pipeline() as pipeline:
        await pipeline.execute("SELECT pg_sleep(0.1)")
        await pipeline.execute(WRITE, "first", 1)
        await pipeline.execute(WRITE, "second", 1)
        assert await keys() == set()
        assert await Workspace.filter(id=0).count() == 0, "the ORM takes turns too"
        await pipeline.finish()
        assert await keys() == {"first", "second"}


async def test_a_statement_that_comes_next_is_before_those_that_are_sent_later(database: str) -> None:
    loop = asyncio.get_running_loop()
    async with db.transaction():
        async with db.Pipeline() as pipeline:
            await pipeline.execute("SELECT pg_sleep(0.3)")
            await pipeline.execute(WRITE, "waits", 1)
            started = loop.time()
            await pipeline.execute_next(WRITE, "next", 1)
            assert loop.time() - started < 0.25
            assert await keys() == {"next"}
            await pipeline.finish()
            assert await keys() == {"next", "waits"}
            await pipeline.execute_next("UPDATE sign_in_attempts SET key = 'last' WHERE key = 'next'")
        assert await keys() == {"last", "waits"}


@pytest.mark.parametrize("then", ["nothing", "another statement", "one behind"])
async def test_a_statement_that_comes_next_and_fails_is_what_the_block_raises(database: str, then: str) -> None:
    async def write() -> None:
        async with db.transaction(), db.Pipeline() as pipeline:
            await pipeline.execute(WRITE, "first", 1)
            await pipeline.execute_next(WRITE, "twice", 2)
            if then == "another statement":
                await keys()
            elif then == "one behind":
                await pipeline.execute(WRITE, "last", 1)

    with pytest.raises(db.UniqueViolation):
        await write()
    assert await keys() == set()


async def test_a_savepoint_begins_when_all_before_it_has_ended(database: str) -> None:
    async with db.transaction(), db.Pipeline() as pipeline:
        await pipeline.execute("SELECT pg_sleep(0.1)")
        await pipeline.execute(WRITE, "before", 1)
        with pytest.raises(LookupError):
            async with db.savepoint():
                await db.execute(WRITE, "undone", 1)
                raise LookupError
        await pipeline.execute(WRITE, "after", 1)
    assert await keys() == {"before", "after"}


async def test_a_statement_that_fails_behind_is_what_the_block_raises(database: str) -> None:
    async def write() -> None:
        async with db.transaction(), db.Pipeline() as pipeline:
            await pipeline.execute(WRITE, "twice", 2)
            await keys()

    with pytest.raises(db.PostgresError) as failed:
        await write()
    assert type(failed.value).__name__ == "UniqueViolationError"
