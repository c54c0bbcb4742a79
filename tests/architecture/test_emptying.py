"""Each test finds the database as it was made: no row, and sequences at their beginning."""

import asyncio

import pytest

from models import db
from tests.kit.emptying import Emptying
from tests.kit.segments import dynamic_segment, new_contacts
from tests.kit.workspaces import new_workspace

_ROWS = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"


@pytest.fixture
async def emptying(database: str):
    emptying = Emptying(database)
    yield emptying
    await emptying.close()


async def used() -> set[str]:
    """The tables that hold rows."""
    names = [name for (name,) in await db.fetch(_ROWS)]
    return {name for name in names if await db.fetch_value(f'SELECT EXISTS (SELECT 1 FROM "{name}")')}


async def test_rows_are_taken_out_and_ids_begin_again(emptying):
    ids = []
    for _ in range(2):
        scope = await new_workspace()
        segment = await dynamic_segment(scope)
        ids.append((scope.workspace_id, segment.id, *await new_contacts(scope, 3)))
        assert await used() > {"schema_migrations", "workspaces", "contacts", "dirty_contacts"}
        await emptying.empty()
        assert await used() == {"schema_migrations"}
    assert ids[0] == ids[1]


async def test_a_sequence_that_was_only_set_begins_again(emptying):
    await emptying.empty()
    await db.execute("SELECT setval(pg_get_serial_sequence('contacts', 'id'), 4711, false)")
    await emptying.empty()
    assert await new_contacts(await new_workspace(), 1) == [1]


async def test_a_table_that_a_test_made_is_emptied_too(emptying):
    await emptying.empty()
    await db.execute('CREATE TABLE "Left over" (id int)')
    try:
        await db.execute('INSERT INTO "Left over" VALUES (1)')
        await emptying.empty()
        assert await used() == {"schema_migrations"}
    finally:
        await db.execute('DROP TABLE "Left over"')
    await emptying.empty()


@pytest.mark.parametrize("known", [True, False])
async def test_it_connects_again_when_a_test_has_ended_its_connection(emptying, known):
    await emptying.empty()
    connection = emptying.connection
    await new_workspace()
    await db.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
    if known:
        async with asyncio.timeout(10):
            while not connection.is_closed():
                await asyncio.sleep(0.01)
    await emptying.empty()
    assert await used() == {"schema_migrations"}


async def test_where_triggers_cannot_be_set_aside_nothing_is_captured(emptying, monkeypatch):
    monkeypatch.setattr("tests.kit.emptying._MAY_SET", "SELECT false")
    await dynamic_segment(await new_workspace())
    await emptying.empty()
    assert not emptying.without_triggers
    assert await used() == {"schema_migrations"}
