"""Entries that are committed before their append is closed: in the log when it is, and never when it is not."""

import asyncio
from contextvars import Context
from datetime import timedelta

import pytest

from models import clock, db
from models.changelog import append, retention
from models.changelog.read import read_page
from models.workflows.steps import STEPS
from tests.kit.workspaces import new_workspace

WRITE = """
INSERT INTO workflow_steps (workspace_id, append_id, place, workflow_id, enrollment_id, contact_id, number, node, outcome, at)
SELECT $1, $2, n, 1, n, n, 1, 1, 'done', $4 FROM generate_series(1, $3::integer) AS n
"""


async def written(scope, beside, count):
    opened = await append.begin(scope.workspace_id, STEPS, clock.now())
    await append.write_beside(opened, beside, WRITE, opened.workspace_id, opened.id, count, opened.at)
    opened.size = count
    return opened


async def in_the_log(scope):
    return len((await read_page(scope, STEPS, 0, 100)).entries)


async def stored(table="workflow_steps"):
    return await db.fetch_value(f"SELECT count(*) FROM {table}")


def outside(coroutine):
    return asyncio.create_task(coroutine, context=Context())


async def test_entries_are_in_the_log_when_their_append_is_closed(database):
    scope = await new_workspace()
    async with db.Beside() as beside, db.transaction():
        opened = await written(scope, beside, 3)
        await append.commit_beside(opened)
        assert await outside(stored()) == 3
        assert await outside(in_the_log(scope)) == 0
        assert await append.close(opened) == 3
        assert await outside(in_the_log(scope)) == 0
    assert await in_the_log(scope) == 3
    assert await stored("unclosed_appends") == 0


@pytest.mark.parametrize("is_committed", [True, False])
async def test_a_transaction_that_fails_leaves_nothing_in_the_log_and_what_it_left_is_dropped(database, is_committed):
    scope = await new_workspace()
    with pytest.raises(LookupError):
        async with db.Beside() as beside, db.transaction():
            opened = await written(scope, beside, 3)
            if is_committed:
                await append.close(opened)
            raise LookupError
    assert await in_the_log(scope) == 0
    assert await stored() == (3 if is_committed else 0)
    assert await retention.drop_unclosed(STEPS) == 0, "it may still be open"
    now = clock.now()
    clock.set_source(lambda: now + retention.LEFT + timedelta(seconds=1))
    assert await retention.drop_unclosed(STEPS) == (1 if is_committed else 0)
    assert await stored() == await stored("unclosed_appends") == 0
    async with db.Beside() as beside, db.transaction():
        await append.close(await written(scope, beside, 2))
    assert await in_the_log(scope) == 2


async def test_what_is_open_for_so_long_that_its_entries_were_dropped_fails(database):
    scope = await new_workspace()

    async def write():
        async with db.Beside() as beside, db.transaction():
            opened = await written(scope, beside, 3)
            await beside.commit()
            now = clock.now()
            clock.set_source(lambda: now + retention.LEFT + timedelta(seconds=1))
            assert await outside(retention.drop_unclosed(STEPS)) == 1
            await append.close(opened)

    with pytest.raises(RuntimeError, match="open for too long"):
        await write()
    assert await in_the_log(scope) == await stored() == 0


async def test_only_the_log_that_is_asked_for_is_looked_through_and_so_many_at_a_time(database):
    scope = await new_workspace()
    for _ in range(3):
        with pytest.raises(LookupError):
            async with db.Beside() as beside, db.transaction():
                await append.commit_beside(await written(scope, beside, 1))
                raise LookupError
    await db.execute("INSERT INTO unclosed_appends SELECT workspace_id, 'another', append_id, at FROM unclosed_appends")
    now = clock.now()
    clock.set_source(lambda: now + retention.LEFT + timedelta(seconds=1))
    assert [await retention.drop_unclosed(STEPS, 2) for _ in range(3)] == [2, 1, 0]
    assert await stored("unclosed_appends") == 3
    assert await stored() == 0
