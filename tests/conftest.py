"""What every test can ask for: a clean database, a clean Redis, and the clock."""

import asyncio
import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
import redis.asyncio

from models import clock, db
from models.accounts import passwords
from models.changelog import hints, read
from models.membership import compiled_rules
from models.queue import enqueue
from models.transfers import files
from models.transfers.reading import bounded
from models.workflows import plans
from tests.kit import draws, not_on_clusters, order, slow, time_limits
from tests.kit.emptying import Emptying
from tests.kit.servers import Servers, database_from, servers, template
from tests.kit.statements import exceptions, sent
from workers.broker import Broker, connected_broker
from workers.storage import open_storage

__all__ = ["servers", "template"]

# Nobody's settings reach the tests, nor the processes that they start: MUSTER_DATABASE_URL may name a database that is in use.
for _name in [name for name in os.environ if name.startswith("MUSTER_") and not name.startswith("MUSTER_TEST_")]:
    del os.environ[_name]

draws.load_profile()
sent.watch()

BROWSER = Path(__file__).parent / "browser"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The tests in a browser run by themselves (`make browser`): a browser fills the loop of events that other tests need."""
    named = any("tests/browser" in argument for argument in config.invocation_params.args)
    return True if collection_path == BROWSER and not named else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow.mark(items)
    not_on_clusters.mark(items)
    time_limits.limit(items, config)
    if not config.getoption("loadscopereorder", default=True):  # several processes take whole files in our order
        order.spread(items)
    draws.shuffle(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    with time_limits.nothing_is_left(item, _loop):
        yield


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    slow.note(report)


def pytest_sessionfinish() -> None:
    slow.write_list()


def pytest_runtest_teardown(item: pytest.Item) -> None:
    draws.stop_in_time(item.session)


_loop: asyncio.AbstractEventLoop | None = None


@pytest.fixture(scope="session", autouse=True)
async def _loop_of_the_tests() -> AsyncIterator[None]:
    global _loop
    _loop = asyncio.get_running_loop()
    yield
    await bounded.close()  # its processes belong to this loop


@pytest.fixture(scope="session")
async def connected_database(servers: Servers, template: str) -> AsyncIterator[str]:
    """One database for all tests that use `database`, and the process's pool connected to it."""
    async with database_from(servers, template) as url:
        await db.connect(url, pool_max=10)
        yield url
        await db.disconnect()


@pytest.fixture(scope="session")
async def _emptying(connected_database: str) -> AsyncIterator[Emptying]:
    emptying = Emptying(connected_database)
    yield emptying
    await emptying.close()


@pytest.fixture
async def database(servers: Servers, connected_database: str, _emptying: Emptying) -> str:
    """An empty database, connected through models.db. Gives its URL, for processes that a test starts."""
    if servers.cluster is None:
        await _emptying.empty()
    else:
        await servers.cluster.empty(connected_database)
    plans.forget()  # ids and epochs begin again
    compiled_rules.forget()
    return connected_database


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


@pytest.fixture(scope="session", autouse=True)
def _pages_of_logs_are_full() -> Iterator[None]:
    """A page may end before its limit when its search has taken long, which on a busy machine is any search."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "LOOKING_SECONDS", 10.0)
        yield


@pytest.fixture(autouse=True)
def file_folder(tmp_path: Path) -> Iterator[Path]:
    """The folder in which uploads and exports are kept: empty, and gone after the test."""
    folder = tmp_path / "files"
    files.use(open_storage(folder, tmp_path / "scratch"))
    yield folder
    files.use(None)


@pytest.fixture
async def broker(redis_url: str) -> AsyncIterator[Broker]:
    """This process's way to an empty Redis: what is enqueued is sent."""
    async with connected_broker(redis_url) as broker:
        yield broker


@pytest.fixture(autouse=True)
def _nothing_is_sent_after_a_test() -> Iterator[None]:
    """No test leaves another one a way to Redis."""
    yield
    enqueue.use(None)
    hints.use(None)


@pytest.fixture(autouse=True)
def _statements_keep_the_rules() -> Iterator[None]:
    """Fails a test in which the product sent a statement that a distributed database would not take, or would take otherwise.

    And one that set something on a connection of the pool for good: tests after it would meet that.
    """
    yield
    found = [text for text in sent.broken() if text.split(":")[0] not in exceptions.NOT_YET]
    assert not found, "\n\n".join(found)


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
