"""A PostgreSQL and a Valkey for one test, which can crash and restart."""

import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from models import db
from models.db import migrations
from muster.local.embedded import wait_ready
from muster.local.postgres import Postgres
from muster.local.processes import Program, spawn, stop
from muster.local.valkey import Valkey


class Restartable:
    """A server that writes to disk what it confirms."""

    def __init__(self, server: Postgres | Valkey) -> None:
        self.server = server
        self.running: tuple[subprocess.Popen[bytes], Program] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        program = self.server.prepare()
        process = spawn(program, subprocess.DEVNULL)
        self.running = process, program
        wait_ready(self.server.is_ready, lambda: process.poll() is None, program.name)

    def crash(self) -> None:
        """PostgreSQL ends at once and has to recover (SIGQUIT). Valkey is killed."""
        assert self.running is not None
        process, _ = self.running
        process.send_signal(3 if isinstance(self.server, Postgres) else 9)
        process.wait(20)

    def stop(self) -> None:
        if self.running is not None:
            stop(*self.running, 20)


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder that the servers' account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="muster-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_server(own_folder: Path) -> Iterator[Restartable]:
    server = Restartable(Postgres(own_folder / "postgres"))
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.server.home.resolve(), ignore_errors=True)


@pytest.fixture
def own_redis(own_folder: Path) -> Iterator[Restartable]:
    """It keeps nothing after a crash."""
    server = Restartable(Valkey(own_folder / "valkey", throw_away=True))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def own_database(connected_database: str, own_server: Restartable) -> AsyncIterator[str]:
    """The pool is connected to `own_server`, and afterwards to the usual one."""
    await db.disconnect()
    await db.connect(own_server.server.url, pool_max=10)
    await migrations.migrate()
    yield own_server.server.url
    await db.disconnect()
    await db.connect(connected_database, pool_max=10)
