import asyncio
import os
import sys
from pathlib import Path

from models.db import migrations
from tests.kit.servers import Servers, bare_database


async def migrate(url: str, data_dir: Path) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "muster", "migrate"),
        env=os.environ
        | {"MUSTER_DATABASE_URL": url, "MUSTER_REDIS_URL": "redis://unused", "MUSTER_DATA_DIR": str(data_dir)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, output
    return output.decode().splitlines()


async def test_of_two_migrations_at_once_one_waits_and_finds_nothing_to_do(servers: Servers, tmp_path: Path) -> None:
    async with bare_database(servers) as url:
        outputs = await asyncio.gather(*(migrate(url, tmp_path) for _ in range(2)))
    assert sorted(outputs, key=len) == [["nothing to do"], [path.stem for path in migrations.migrations()]]
