import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.kit.servers import Servers, with_database


async def doctor(data_dir: Path, **environment: str) -> tuple[int | None, str]:
    """How it ends and what it says, in a process of its own: it opens a pool."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "muster", "doctor"),
        env=kept | {"MUSTER_DATA_DIR": str(data_dir), "MUSTER_PORT": "1"} | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()


@pytest.fixture
async def poor_database(servers: Servers) -> AsyncIterator[str]:
    """A database of locale C that nobody has migrated."""
    name = f"muster_test_{os.getpid()}_poor"
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        await connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'"
        )
        yield with_database(servers.postgres_url, name)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


async def test_a_sound_installation_is_well(another_database: str, redis_url: str, tmp_path: Path) -> None:
    code, said = await doctor(
        tmp_path, MUSTER_DATABASE_URL=another_database, MUSTER_REDIS_URL=redis_url, MUSTER_SECRET="s" * 40
    )
    assert code == 0, said
    assert "wrong" not in said


async def test_what_is_wrong_with_the_database_is_told_with_its_remedy(
    poor_database: str, redis_url: str, tmp_path: Path
) -> None:
    code, said = await doctor(
        tmp_path, MUSTER_DATABASE_URL=poor_database, MUSTER_REDIS_URL=redis_url, MUSTER_PROT="8000"
    )
    assert code == 1
    for line in (
        "wrong     the database folds the case of ASCII letters only",
        "CREATE DATABASE muster TEMPLATE template0",
        "migrations are missing",
        "run `muster migrate`",
        "warning   MUSTER_PROT is no setting",
        "set MUSTER_SECRET to the same value on every machine",
    ):
        assert line in said, line


async def test_servers_that_do_not_answer_are_told_without_their_password(tmp_path: Path) -> None:
    code, said = await doctor(
        tmp_path,
        MUSTER_DATABASE_URL="postgresql://muster:hunter2@127.0.0.1:9/muster",
        MUSTER_REDIS_URL="redis://:hunter2@127.0.0.1:9/0",
    )
    assert code == 1
    assert "PostgreSQL does not answer" in said
    assert "Redis does not answer" in said
    assert "hunter2" not in said
