"""Embedded PostgreSQL and Valkey as in production."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil

from models import db
from models.db import migrations
from muster.local.data_dir import exclusive_use
from muster.local.embedded import running
from muster.local.postgres import Postgres
from muster.local.valkey import Valkey

SECRET = "a secret of the benchmarks, 32 bytes long"
DATA = Path(os.environ.get("BENCH_DATA", Path(__file__).parent / "data")).absolute()


@dataclass(frozen=True)
class Place:
    """How many contacts, and how long and how often to measure."""

    postgres_url: str
    redis_url: str
    contacts: int
    rounds: int
    seconds: float

    async def database(self, name: str) -> tuple[str, bool]:
        """A migrated database, connected to the process's pool; and whether it is new."""
        await db.connect(self.postgres_url, pool_max=2)
        is_new = not await db.fetch_value("SELECT count(*) FROM pg_database WHERE datname = $1", name)
        if is_new:
            await db.execute(f'CREATE DATABASE "{name}"')
        await db.disconnect()
        url = urlunsplit(urlsplit(self.postgres_url)._replace(path=f"/{name}"))
        await db.connect(url, pool_max=8)
        await migrations.migrate()
        return url, is_new

    async def drop(self, name: str) -> None:
        """Drops a database whose tables have changed since it was filled."""
        await db.connect(self.postgres_url, pool_max=2)
        await db.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await db.disconnect()

    def environment(self, database_url: str, **more: str) -> dict[str, str]:
        names = {
            "MUSTER_DATABASE_URL": database_url,
            "MUSTER_REDIS_URL": self.redis_url,
            "MUSTER_SECRET": SECRET,
            "MUSTER_DATA_DIR": str(DATA / "run"),
            "MUSTER_LOG_FORMAT": "json",
            "MUSTER_COST_BUCKET": "1000000000",
            "MUSTER_COST_PER_SECOND": "100000000",
        }
        return {**os.environ, **names, **more}


@contextmanager
def place(contacts: int, rounds: int, seconds: float) -> Iterator[Place]:
    postgres, valkey = Postgres(DATA / "postgres"), Valkey(DATA / "valkey", throw_away=True)
    with exclusive_use(DATA), running(postgres, valkey):
        yield Place(postgres.url, valkey.url, contacts, rounds, seconds)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def process(
    arguments: list[str], environment: Mapping[str, str], ready_url: str | None, log: str, program: str = sys.executable
) -> Iterator[psutil.Process]:
    """From its answer at `ready_url` to the end of the block; output goes to `log`."""
    with (DATA / log).open("wb") as output:
        started = subprocess.Popen([program, *arguments], env=environment, stdout=output, stderr=output)
        try:
            if ready_url is not None:
                _wait_for(ready_url, started, DATA / log)
            yield psutil.Process(started.pid)
            if started.poll() is not None:
                raise RuntimeError(f"it ended while it was measured: {(DATA / log).read_text()[-2000:]}")
        finally:
            started.terminate()
            started.wait(20)


def _wait_for(url: str, started: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).read()
        except OSError:
            if started.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"it did not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.05)
        else:
            return


def postgres_process() -> psutil.Process:
    """The embedded PostgreSQL, whose children are its connections."""
    return psutil.Process(int((DATA / "postgres" / "data" / "postmaster.pid").read_text().split()[0]))


def cpu_seconds(of: psutil.Process) -> float:
    """Returns the CPU seconds that a process and its children have used."""
    total = 0.0
    for one in [of, *of.children(recursive=True)]:
        times = one.cpu_times()
        total += times.user + times.system
    return total


async def settle() -> None:
    """Otherwise earlier writes would run into the measurement."""
    await db.execute("VACUUM (ANALYZE)")
    await asyncio.sleep(1)
