"""Worker processes that can be killed."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from typing import Any, Final

from models.queue.work import Queue
from tests.kit import worker_process
from workers.context import WorkerConfig

_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([worker_process.__name__])

_first = asyncio.Lock()
_has_begun = False


async def _begin() -> None:
    """Start the process that forks the others, in which much is imported, without making other tasks wait."""
    global _has_begun
    async with _first:
        if not _has_begun:
            nothing = _FORKS.Process(target=int, daemon=True)
            await asyncio.to_thread(nothing.start)
            await asyncio.to_thread(nothing.join)
            _has_begun = True


@dataclass
class WorkerProcess:
    """One worker of a queue. `ended` gives its exit code, below 0 after a signal."""

    queue: Queue
    process: ForkServerProcess
    ended: "asyncio.Future[int]" = field(init=False)

    def __post_init__(self) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(self.process.sentinel, self._note_its_end)

    def _note_its_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self.process.sentinel)
        self.process.join()
        assert self.process.exitcode is not None
        self.ended.set_result(self.process.exitcode)

    async def wait(self, seconds: float) -> int:
        """Wait until it ends by itself; returns its exit code."""
        return await asyncio.wait_for(asyncio.shield(self.ended), seconds)

    async def stop(self) -> int:
        """Stop it as a supervisor does; returns its exit code."""
        self.process.terminate()
        return await self.wait(15)

    async def kill(self) -> None:
        """Kill it."""
        self.process.kill()
        await self.ended


async def start_worker(
    queue: Queue, database_url: str, redis_url: str, setup: str = "", **options: Any
) -> WorkerProcess:
    """Start a worker; `setup` is Python that it runs first, `options` are of its WorkerConfig."""
    await _begin()
    config = WorkerConfig(database_url=database_url, redis_url=redis_url, **options)
    process = _FORKS.Process(target=worker_process.work, args=(queue.value, config, setup), daemon=True)
    process.start()
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
    """Wait until it holds. The time is for a busy machine, on which a worker alone takes 15 s to start.

    Between two looks it rests for four times as long as one took: a look at all shards of a cluster takes the processors from
    those that it waits for.
    """
    now = asyncio.get_running_loop().time
    until = now() + seconds
    while True:
        began = now()
        if await holds():
            return
        assert now() < until, f"still not so after {seconds} s"
        await asyncio.sleep(max(0.01, 4 * (now() - began)))
