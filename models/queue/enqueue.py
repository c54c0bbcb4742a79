"""Work is enqueued in the transaction that changes the data, and sent after the commit.

Sending never fails the caller: periodic tasks find the lost work.
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

_lost = Counter("muster_messages_lost_total", "Messages to workers that were not sent.", ["work"])


@dataclass(frozen=True, slots=True)
class Message:
    work: Work[*tuple[Any, ...]]
    ids: tuple[int, ...]


class Sender(Protocol):
    """May raise, and may be cancelled at any await."""

    async def send(self, messages: Sequence[Message]) -> None:
        """Sends the messages of one transaction, which are all different."""


_sender: Sender | None = None


def use(sender: Sender | None) -> None:
    global _sender
    _sender = sender


async def enqueue(work: Work[*Ids], *ids: *Ids) -> None:
    """Sent once the ambient transaction has committed, or at once without one. Once per transaction."""
    if _sender is not None:
        await db.after_commit(_send, Message(work, ids))  # type: ignore[arg-type]  # all ids are int


async def _send(messages: Sequence[Message]) -> None:
    if _sender is None:
        return
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await _sender.send(messages)
    except Exception as error:  # noqa: BLE001 - the data is committed, and the periodic tasks find the work
        names = [message.work.name for message in messages]
        for name in names:
            _lost.labels(name).inc()
        log.warning("messages lost", work=names, error=type(error).__name__)
