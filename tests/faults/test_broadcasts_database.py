"""PostgreSQL stopped at once, in the middle of a broadcast, and started again: nobody is sent to twice, nobody is left out."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from models import db, migrations
from muster.embedded import Postgres, wait_ready
from muster.processes import Program, spawn, stop
from tests.faults.test_broadcasts import SIZE, a_world, accepted, assert_true, ended, started
from tests.kit.workers import eventually

pytestmark = pytest.mark.slow


class Restartable:
    """A PostgreSQL of one's own that keeps its promises (fsync is on) and can be crashed."""

    def __init__(self, home: Path) -> None:
        self.server = Postgres(home)
        self.running: tuple[subprocess.Popen[bytes], Program] | None = None

    def start(self) -> None:
        program = self.server.prepare()
        process = spawn(program, subprocess.DEVNULL)
        self.running = process, program
        wait_ready(self.server.is_ready, lambda: process.poll() is None, program.name)

    def crash(self) -> None:
        """SIGQUIT: it ends at once, as a machine that fails would, and has to recover."""
        assert self.running is not None
        process, _ = self.running
        process.send_signal(3)
        process.wait(20)

    def stop(self) -> None:
        if self.running is not None:
            stop(*self.running, 20)


@pytest.fixture
def own_server() -> Iterator[Restartable]:
    folder = Path(tempfile.mkdtemp(prefix="muster-test-"))
    folder.chmod(0o711)
    server = Restartable(folder / "postgres")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.server.home.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def own_database(connected_database: str, own_server: Restartable) -> AsyncIterator[str]:
    """This process's pool, on the server that can be crashed; on the usual one again afterwards."""
    await db.disconnect()
    await db.connect(own_server.server.url, pool_max=10)
    await migrations.migrate()
    yield own_server.server.url
    await db.disconnect()
    await db.connect(connected_database, pool_max=10)


async def test_a_database_that_crashes_and_comes_back(own_database: str, own_server: Restartable, redis_url: str):
    async with a_world(own_database, redis_url) as world:
        await world.hire(2)
        broadcast = await started(world)
        for share in (0.2, 0.6):
            await eventually(accepted(world, int(SIZE * share)), 60)
            await asyncio.to_thread(own_server.crash)
            await asyncio.sleep(1.0)
            await asyncio.to_thread(own_server.start)
        assert (await ended(world, broadcast)).status == "COMPLETED"
        counts = await assert_true(world, broadcast)
        assert counts.get("unconfirmed", 0) < SIZE / 3
