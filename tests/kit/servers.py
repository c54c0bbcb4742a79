"""One temporary PostgreSQL and one Valkey for a session of tests, on Unix sockets.

`MUSTER_TEST_DATABASE_URL` and `MUSTER_TEST_REDIS_URL` name other servers to use. The tests create and drop databases
`muster_test_...` beside the named one; where that is on the coordinator of a Citus cluster, on all of its nodes.
They empty the named Redis database; each further process of the tests takes the next one. `MUSTER_TEST_POSTGRES` is the folder
with the programs of an older PostgreSQL, to be started in place of the embedded one.
"""

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from models import db
from models.db import migrations
from muster.local.embedded import running
from muster.local.postgres import Postgres
from muster.local.valkey import Valkey
from tests.kit.cluster import Shelf, workers

_counter = itertools.count(1)


@dataclass(frozen=True)
class Servers:
    """`postgres_url` names a database beside which others are created; `cluster` are those of a cluster, where it is one."""

    postgres_url: str
    redis_url: str
    cluster: Shelf | None = None


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="muster-test-"))
    folder.chmod(0o711)  # started by root, PostgreSQL runs as another user
    older = os.environ.get("MUSTER_TEST_POSTGRES")
    postgres = Postgres(folder / "postgres", throw_away=True, programs=Path(older) if older else None)
    valkey = Valkey(folder / "valkey", throw_away=True)
    own_database, own_redis = os.environ.get("MUSTER_TEST_DATABASE_URL"), _own_redis()
    needed = [server for server, own in ((postgres, own_database), (valkey, own_redis)) if not own]
    try:
        with running(*needed):
            url = own_database or postgres.url
            yield Servers(url, own_redis or valkey.url, Shelf(url) if workers() else None)
    finally:
        shutil.rmtree(postgres.home.resolve(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _own_redis() -> str | None:
    url = os.environ.get("MUSTER_TEST_REDIS_URL")
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    if url is None or process == 0:
        return url
    path = urlsplit(url).path.strip("/")
    return urlunsplit(urlsplit(url)._replace(path=f"/{int(path or 0) + process}"))


def with_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _on_server(url: str, *statements: str) -> None:
    """Run statements that allow no transaction, outside of the pool."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def template(servers: Servers) -> AsyncIterator[str]:
    """The name of a migrated, empty database to copy; in a cluster, where none is copied, of one that is given out."""
    if servers.cluster is not None:
        async with servers.cluster.taken() as database:
            name = database.name
        yield name
        await servers.cluster.clear()
        return
    name = f"muster_test_{os.getpid()}_template"
    await _on_server(servers.postgres_url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    await db.connect(with_database(servers.postgres_url, name), pool_max=2)
    await migrations.migrate()
    await db.disconnect()
    yield name
    await _drop(servers.postgres_url, name)


@contextlib.asynccontextmanager
async def database_from(servers: Servers, template: str) -> AsyncIterator[str]:
    """The URL of a new copy of the template, to which nothing is connected. In a cluster it may have been used before."""
    if servers.cluster is not None:
        async with servers.cluster.taken() as database:
            yield database.url
        return
    name = f"muster_test_{os.getpid()}_{next(_counter)}"
    await _on_server(servers.postgres_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield with_database(servers.postgres_url, name)
    finally:
        await _drop(servers.postgres_url, name)


@contextlib.asynccontextmanager
async def bare_database(servers: Servers) -> AsyncIterator[str]:
    """The URL of a new, empty database, to which nothing is connected."""
    name = f"muster_test_{os.getpid()}_{next(_counter)}"
    await _on_server(servers.postgres_url, f"CREATE DATABASE {name}")
    try:
        yield with_database(servers.postgres_url, name)
    finally:
        await _drop(servers.postgres_url, name)


async def _drop(url: str, name: str) -> None:
    """Force also ends connections that were left open."""
    try:
        await _on_server(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    except asyncpg.InsufficientPrivilegeError:
        await _on_server(url, f"DROP DATABASE IF EXISTS {name}")
