"""What every test can ask for: a clean database, a clean Redis, and the clock."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis.asyncio

from models import clock, db, passwords
from tests.kit.servers import Servers, database_from, servers, template

__all__ = ["servers", "template"]


@pytest.fixture(scope="session")
async def connected_database(servers: Servers, template: str) -> AsyncIterator[str]:
    """One database for all tests that use `database`, and the process's pool connected to it."""
    async with database_from(servers, template) as url:
        await db.connect(url, pool_max=10)
        yield url
        await db.disconnect()


@pytest.fixture
async def database(connected_database: str) -> str:
    """An empty database, connected through models.db. Gives its URL, for processes that a test starts."""
    await _empty()
    return connected_database


async def _empty() -> None:
    """TRUNCATE what holds rows: the foreign keys bring along what hangs on it."""
    await db.execute(_EMPTY)


# Tables of migrations are not data; sequences begin again, so that a test's ids are the same in every run.
_EMPTY = """
DO $$
DECLARE names text;
BEGIN
    SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO names
    FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations';
    IF names IS NOT NULL THEN EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY CASCADE'; END IF;
END $$
"""


@pytest.fixture
async def redis_url(servers: Servers) -> str:
    """The URL of an empty Redis database."""
    async with redis.asyncio.from_url(servers.redis_url) as client:
        await client.flushdb()
    return servers.redis_url


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_little() -> None:
    """A hash that is slow on purpose would be most of what the tests do."""
    passwords.set_cost(iterations=1, memory_kib=64)


@pytest.fixture(autouse=True)
def _clock_of_the_system() -> Iterator[None]:
    """No test leaves another one in a time of its own."""
    yield
    clock.set_source(None)


@pytest.fixture
async def another_database(servers: Servers, template: str) -> AsyncIterator[str]:
    """The URL of a migrated database of the test's own, to which nothing is connected. For processes that a test starts."""
    async with database_from(servers, template) as url:
        yield url
