import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from models.db import migrations
from tests.kit.servers import Servers, with_database


@pytest.fixture
async def bare_database(servers: Servers) -> AsyncIterator[str]:
    """A database in which nothing is."""
    name = f"muster_test_{os.getpid()}_bare"
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield with_database(servers.postgres_url, name)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


async def migrate(url: str, data_dir: Path) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "muster", "migrate"),
        env=os.environ
        | {"MUSTER_DATABASE_URL": url, "MUSTER_REDIS_URL": "redis://unused", "MUSTER_DATA_DIR": str(data_dir)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, said
    return said.decode().splitlines()


async def test_of_two_migrations_at_once_one_waits_and_finds_nothing_to_do(bare_database: str, tmp_path: Path) -> None:
    said = await asyncio.gather(*(migrate(bare_database, tmp_path) for _ in range(2)))
    assert sorted(said, key=len) == [["nothing to do"], [path.stem for path in migrations.migrations()]]
