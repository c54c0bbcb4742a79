"""A worker node of the tests' cluster that runs on this machine: stopped at once, and started again."""

import asyncio
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil


@dataclass
class ClusterNode:
    """The server behind `url`, with the command line and the account that it was started with."""

    url: str
    process: psutil.Process
    command: list[str]
    folder: str
    account: int
    group: int

    async def crash(self) -> None:
        """Ends it as an immediate stop does: transactions are cut off, and it has to recover."""
        self.process.send_signal(signal.SIGQUIT)
        await asyncio.to_thread(self.process.wait, 180)

    async def start(self) -> None:
        """Returns when it answers."""
        started = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": self.folder},  # libpq looks for certificates at home
            user=self.account,
            group=self.group,
            extra_groups=[],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.returncode = 0  # it goes on when this process ends, so nobody waits for it
        self.process = psutil.Process(started.pid)
        async with asyncio.timeout(60):
            while not await self.answers():
                await asyncio.sleep(0.1)

    async def answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url, timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True


async def node_at(url: str) -> ClusterNode | None:
    """Returns None when the server is on another machine, or when this account may not end it."""
    connection = await asyncpg.connect(url)
    try:
        number = int((await connection.fetchval("SELECT pg_read_file('postmaster.pid')")).splitlines()[0])
        folder = await connection.fetchval("SHOW data_directory")
    except asyncpg.InsufficientPrivilegeError:
        return None
    finally:
        await connection.close()
    try:
        process = psutil.Process(number)
        pid_file = Path(folder) / "postmaster.pid"
        if "postgres" not in process.name() or not pid_file.read_text().startswith(f"{number}\n"):
            return None
        account, group = process.uids().real, process.gids().real
        if os.geteuid() not in (0, account):
            return None
        return ClusterNode(url, process, process.cmdline(), folder, account, group)
    except (psutil.Error, OSError):
        return None
