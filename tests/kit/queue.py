"""What is sent when something was enqueued, kept or lost instead; and a worker's context without Redis."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from models.changelog import hints
from models.changelog.hints import Hints
from models.queue import enqueue
from models.queue.enqueue import Message
from models.queue.work import Queue
from workers.broker import Broker
from workers.context import WorkerConfig, WorkerContext


class RecordingSender:
    """Keeps what was sent, as (name, *ids), and the hints, as ("log_grew", workspace id)."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    async def send(self, messages: Sequence[Message]) -> None:
        self.sent += [(message.work.name, *message.ids) for message in messages]

    async def give(self, workspace_ids: Sequence[int]) -> None:
        self.sent += [("log_grew", workspace_id) for workspace_id in workspace_ids]

    def hear(self) -> Any:
        raise OSError("nothing is heard here")


class ForgetfulHints:
    """Loses half of the hints that it should give."""

    def __init__(self, hints: Hints, random: Random) -> None:
        self.hints, self.random = hints, random

    async def give(self, workspace_ids: Sequence[int]) -> None:
        await self.hints.give([workspace_id for workspace_id in workspace_ids if self.random.random() < 0.5])

    def hear(self) -> Any:
        return self.hints.hear()


@contextmanager
def recording() -> Iterator[RecordingSender]:
    """While inside, what this process sends is kept."""
    sender = RecordingSender()
    enqueue.use(sender)
    hints.use(sender)
    try:
        yield sender
    finally:
        enqueue.use(None)
        hints.use(None)


class NoBroker(Broker):
    """For a worker's context where there is no Redis."""

    def __init__(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def acknowledge(self, work: Any, *ids: int) -> None:
        """Nothing waits."""


def context_without_redis(queue: Queue, database_url: str = "", broker: Broker | None = None) -> WorkerContext:
    """The context of a worker that is no process."""
    return WorkerContext(queue, WorkerConfig(database_url, ""), broker or NoBroker(), asyncio.Event())
