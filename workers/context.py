"""Tasks for enqueued work, periodic tasks, and the context of both.

Any task may run twice or die at any line: it asks PostgreSQL what there is to do, and checks `context.stopping` between
batches."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from models.queue.work import Ids, Queue, Work
from workers.broker import Broker
from workers.providers.meta.options import MetaOptions
from workers.providers.whatsapp.options import WhatsAppOptions

__all__ = ["PeriodicTask", "Queue", "Task", "WorkerConfig", "WorkerContext"]


@dataclass(frozen=True)
class WorkerConfig:
    """The settings of a worker; without `metrics_port`, no metrics are served. Activities are kept for good without
    `activity_days`."""

    database_url: str
    redis_url: str
    database_pool_size: int = 10
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    metrics_token: str | None = None
    change_log_days: int = 90
    activity_days: int | None = None
    job_days: int = 365
    failed_webhook_days: int = 90
    workflow_step_days: int = 400
    whatsapp: WhatsAppOptions = field(default_factory=WhatsAppOptions)
    meta: MetaOptions = field(default_factory=MetaOptions)
    extras: dict[str, Any] = field(default_factory=dict)


class Closable(Protocol):
    async def close(self) -> None: ...


Shared = TypeVar("Shared", bound=Closable)


@dataclass(frozen=True)
class WorkerContext:
    """`closing` closes what tasks share when the worker ends."""

    queue: Queue
    config: WorkerConfig
    broker: Broker
    stopping: asyncio.Event
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)
    opened: dict[Callable[[], Any], Any] = field(default_factory=dict)

    async def shared(self, make: Callable[[], Shared]) -> Shared:
        """Returns the one thing of this process that `make` makes, such as a client with its connections."""
        if make not in self.opened:
            self.opened[make] = made = make()
            self.closing.push_async_callback(made.close)
        shared: Shared = self.opened[make]
        return shared


@dataclass(frozen=True)
class Task(Generic[*Ids]):
    """Runs `run(context, *ids)`; cancelled (and rolled back) after `timeout_seconds`."""

    work: Work[*Ids]
    run: Callable[["WorkerContext", *Ids], Awaitable[None]]
    timeout_seconds: float = 60.0

    @property
    def name(self) -> str:
        return self.work.name

    @property
    def queue(self) -> Queue:
        return self.work.queue


@dataclass(frozen=True)
class PeriodicTask:
    """Each worker of `queue` calls `run(context)` about every `every_seconds`; `alone`: only one process does."""

    name: str
    queue: Queue
    run: Callable[[WorkerContext], Awaitable[None]]
    every_seconds: float
    alone: bool = False

    def rest_seconds(self, took_seconds: float) -> float:
        """Returns how long to wait after a run, so that frequent searches take a small part of the time.

        On a cluster a look at all workspaces asks every shard, which takes a hundred times as long as on one server.
        """
        return max(self.every_seconds, min(_REST_OF_WORK * took_seconds, _LONGEST_REST_SECONDS))


_REST_OF_WORK: Final = 20
_LONGEST_REST_SECONDS: Final = 2.0
