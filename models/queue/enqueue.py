"""Work is enqueued by the code that changes the data, in the transaction of the change, and sent when that has committed.

What carries the messages is a `Sender`, set once per process with `use`. Without one nothing is sent. Sending never fails
the caller: a message that is lost is made good by the periodic tasks, which look in PostgreSQL for what waits.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog
from prometheus_client import Counter

from models import db
from models.queue.work import Ids, Work

log = structlog.get_logger(__name__)

SEND_SECONDS: Final = 1.0
"""How long the caller waits, after its commit, for its messages to be sent."""

_lost = Counter("muster_messages_lost_total", "Messages to workers that were not sent.", ["work"])


@dataclass(frozen=True, slots=True)
class Message:
    """One piece of work: its kind and its ids."""

    work: Work[*tuple[Any, ...]]
    ids: tuple[int, ...]


class Sender(Protocol):
    """Carries messages to the workers. It may raise, and may be cancelled at any await."""

    async def send(self, messages: Sequence[Message]) -> None:
        """Send the messages of one transaction. They are all different."""


_sender: Sender | None = None


def use(sender: Sender | None) -> None:
    """Send this process's messages with it. None: send nothing."""
    global _sender
    _sender = sender


async def enqueue(work: Work[*Ids], *ids: *Ids) -> None:
    """Have workers do this work once the ambient transaction has committed, at once when there is none.

    The same work is sent once per transaction, and not at all when the transaction rolls back.
    """
    if _sender is not None:
        await db.after_commit(_send, Message(work, ids))  # type: ignore[arg-type]  # all ids are int


async def _send(messages: Sequence[Message]) -> None:
    if _sender is None:
        return
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await _sender.send(messages)
    except Exception as error:  # noqa: BLE001 - whatever it is, the data is committed and the periodic tasks find the work
        names = [message.work.name for message in messages]
        for name in names:
            _lost.labels(name).inc()
        log.warning("messages lost", work=names, error=type(error).__name__)
