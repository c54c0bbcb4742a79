"""The indexes that lines of custom fields are looked up in."""

import asyncio
from contextlib import asynccontextmanager
from contextvars import Context

import pytest

from models import db
from models.membership import indexes
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.crossings import AnyCrossing, crossings_of
from tests.kit.segments import new_contacts
from tests.kit.workspaces import new_workspace

READY = "SELECT i.indisvalid FROM pg_index AS i WHERE i.indexrelid = to_regclass($1)"


@pytest.fixture
async def lines(database):
    """Lines of three custom dates, of which nobody has asked before."""
    scope = await new_workspace()
    await new_contacts(scope, 3)
    keys = [f"day_of_index_{number}" for number in range(3)]
    for key in keys:
        await db.execute(
            "INSERT INTO contact_fields (workspace_id, key, label, type) VALUES ($1, $2, $2, 'DATE')",
            scope.workspace_id,
            key,
        )
    catalogue = await load_catalogue(scope)
    rules = [{"field": {"field": f"attributes.{key}", "operator": "WITHIN_LAST", "value": "P1D"}} for key in keys]
    found = [crossings_of(check(rule, catalogue)) for rule in rules]
    yield found
    for name in _names(found):
        await db.execute(f"DROP INDEX IF EXISTS {name}")


def _names(lines: list[tuple[AnyCrossing, ...]]) -> list[str]:
    return sorted({line.index.name for some in lines for line in some if line.index is not None})


async def _build(some) -> None:
    """Again and again, as a periodic task does."""
    while not await indexes.build(some):
        await asyncio.sleep(0.05)


async def _are_ready(lines) -> bool:
    return all([await db.fetch_value(READY, name) for name in _names(lines)])


async def test_parallel_builds_make_all_indexes(lines):
    """Of two that are built at once on a table PostgreSQL ends one: each waits for what the other sees."""
    assert len(_names(lines)) == 3
    await asyncio.gather(*(_build(some) for some in [*lines, *lines]))
    assert await _are_ready(lines)


async def test_an_invalid_index_is_built_again(lines):
    await _begin_and_die(lines[0])
    assert not await _are_ready(lines[:1])
    await _build(lines[0])
    assert await _are_ready(lines[:1])


async def test_a_build_does_not_wait_for_another_index(lines):
    async with _being_built(lines[0]):
        assert not await asyncio.create_task(indexes.build(lines[1]), context=Context())
    await _build(lines[1])
    assert await _are_ready(lines[:2])


async def _begin_and_die(some) -> None:
    async with _being_built(some) as building:
        building.cancel()
        await asyncio.wait({building})


@asynccontextmanager
async def _being_built(some):
    """An index that cannot be finished, as long as a writer does not come to an end."""
    async with db.transaction():
        await db.execute("UPDATE contacts SET name = 'not yet'")
        building = asyncio.create_task(indexes.build(some), context=Context())
        await asyncio.create_task(_is_there(*_names([some])), context=Context())
        yield building
    await asyncio.wait({building})


async def _is_there(name: str) -> None:
    async with asyncio.timeout(10):
        while await db.fetch_value(READY, name) is None:
            await asyncio.sleep(0.01)
