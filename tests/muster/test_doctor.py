import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.kit.servers import Servers, with_database


async def doctor(data_dir: Path, **environment: str) -> tuple[int | None, str]:
    """The exit status and the output, of a process of its own because it opens a pool."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "muster", "doctor"),
        env=kept | {"MUSTER_DATA_DIR": str(data_dir), "MUSTER_PORT": "1"} | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


@pytest.fixture
async def poor_database(servers: Servers) -> AsyncIterator[str]:
    """A database with locale C and without migrations."""
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


async def test_a_good_installation_has_no_findings(another_database: str, redis_url: str, tmp_path: Path) -> None:
    code, output = await doctor(
        tmp_path, MUSTER_DATABASE_URL=another_database, MUSTER_REDIS_URL=redis_url, MUSTER_SECRET="s" * 40
    )
    assert code == 0, output
    assert "wrong" not in output


async def test_failed_items_of_webhooks_are_reported(another_database: str, redis_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(another_database)
    await connection.execute(
        """
        INSERT INTO workspaces (id, name) VALUES (1, 'Acme');
        INSERT INTO webhook_failures
            (workspace_id, channel_id, item, body, error, reason, attempts, received_at, failed_at)
        VALUES (1, 1, 'messages', '', 'KeyError', 'odd', 1, now(), now())
        """
    )
    await connection.close()
    code, output = await doctor(
        tmp_path, MUSTER_DATABASE_URL=another_database, MUSTER_REDIS_URL=redis_url, MUSTER_SECRET="s" * 40
    )
    assert code == 0
    assert "1 items of WhatsApp's webhooks, of 1 workspaces" in output
    assert "inboundWebhookFailuresRetry" in output


async def test_a_wrong_database_is_reported_with_a_remedy(poor_database: str, redis_url: str, tmp_path: Path) -> None:
    code, output = await doctor(
        tmp_path, MUSTER_DATABASE_URL=poor_database, MUSTER_REDIS_URL=redis_url, MUSTER_PROT="8000"
    )
    assert code == 1
    for line in (
        "wrong     the database folds the case of ASCII characters only",
        "CREATE DATABASE muster TEMPLATE template0",
        "migrations are missing",
        "run `muster migrate`",
        "warning   MUSTER_PROT is no setting",
        "set MUSTER_SECRET to the same value on every machine",
    ):
        assert line in output, line


async def test_servers_that_do_not_answer_are_reported_without_their_password(tmp_path: Path) -> None:
    code, output = await doctor(
        tmp_path,
        MUSTER_DATABASE_URL="postgresql://muster:hunter2@127.0.0.1:9/muster",
        MUSTER_REDIS_URL="redis://:hunter2@127.0.0.1:9/0",
    )
    assert code == 1
    assert "PostgreSQL does not answer" in output
    assert "Redis does not answer" in output
    assert "hunter2" not in output
