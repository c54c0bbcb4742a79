"""Worker processes that can be killed."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from models.queue.work import Queue

_MAIN = """
import sys
from workers.runner import run_worker
from workers.context import WorkerConfig
sys.exit(run_worker(sys.argv[1], WorkerConfig(database_url=sys.argv[2], redis_url=sys.argv[3])))
"""


@dataclass
class WorkerProcess:
    """One worker of a queue."""

    queue: Queue
    process: asyncio.subprocess.Process

    async def stop(self) -> int:
        """Stop it as a supervisor does; returns its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 15)

    async def kill(self) -> None:
        """Kill it."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def start_worker(queue: Queue, database_url: str, redis_url: str, setup: str = "") -> WorkerProcess:
    """Start a worker; `setup` is Python that it runs first. It logs to our standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"{setup}\n{_MAIN}", queue.value, database_url, redis_url, stdout=sys.stderr
    )
    return WorkerProcess(queue, process)


@asynccontextmanager
async def running_worker(
    queue: Queue, database_url: str, redis_url: str, setup: str = ""
) -> AsyncIterator[WorkerProcess]:
    """A worker that is stopped at the end."""
    worker = await start_worker(queue, database_url, redis_url, setup)
    try:
        yield worker
    finally:
        await worker.stop()


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Wait until it holds. The time is for a busy machine, on which a worker alone takes 15 s to start."""
    until = asyncio.get_running_loop().time() + seconds
    while not await holds():
        assert asyncio.get_running_loop().time() < until, f"still not so after {seconds} s"
        await asyncio.sleep(0.01)
