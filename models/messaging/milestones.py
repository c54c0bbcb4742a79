"""Tells workflows what became of messages: their own, and those of broadcasts that a running workflow listens to.

Written as signals in the transaction that moves the messages. A message of a workflow says for which enrollment it was sent.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models import db
from models.messaging import sources
from models.messaging.message_states import MessageStatus
from models.messaging.sources import MessageSource, SourceKind
from models.queue import work
from models.queue.enqueue import enqueue

TOLD: Final = frozenset(set(MessageStatus) - {MessageStatus.PENDING, MessageStatus.SENDING})

OWN_MESSAGE: Final = "message"
"""The word of a workflow's own messages."""

ANY_BROADCAST: Final = "message:broadcast"


def of_broadcast(broadcast_id: int) -> str:
    """The word of the messages of one broadcast."""
    return f"{ANY_BROADCAST}:{broadcast_id}"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A message of the source has come to this status."""

    source: MessageSource
    message_id: int
    contact_id: int
    enrollment_id: int | None
    status: str

    @property
    def words(self) -> tuple[str, ...]:
        if self.source.kind == SourceKind.WORKFLOW:
            return (OWN_MESSAGE,)
        return of_broadcast(self.source.id), ANY_BROADCAST


def of_message(message: Any, status: str) -> Milestone:
    """`message` has id, contact_id, enrollment_id, source_kind and source_id."""
    return Milestone(
        sources.of_row(message), message["id"], message["contact_id"], message["enrollment_id"], MessageStatus(status)
    )


async def record(workspace_id: int, milestones: Iterable[Milestone]) -> None:
    """In the transaction in which the messages came there. What nobody listens to is left out."""
    told = [one for one in milestones if one.status in TOLD]
    listened = await _listened(workspace_id, told)
    rows = [(word, one) for one in told for word in one.words if word in listened]
    if not rows:
        return
    await db.execute(
        _SIGNAL,
        workspace_id,
        [one.contact_id for _, one in rows],
        [word for word, _ in rows],
        [_detail(one) for _, one in rows],
    )
    await enqueue(work.PROCESS_WORKFLOWS, workspace_id)


async def _listened(workspace_id: int, milestones: Sequence[Milestone]) -> Collection[str]:
    """Workflows always hear of their own messages."""
    words = {word for one in milestones for word in one.words}
    asked = sorted(words - {OWN_MESSAGE})
    if not asked:
        return words
    rows = await db.fetch(
        "SELECT DISTINCT source FROM workflow_sources WHERE workspace_id = $1 AND source = ANY ($2::text[])",
        workspace_id,
        asked,
    )
    return {OWN_MESSAGE} | {row["source"] for row in rows}


def _detail(one: Milestone) -> str:
    detail = {
        "message": one.message_id,
        "source": one.source.id,
        "enrollment": one.enrollment_id,
        "status": one.status,
    }
    return db.dump_json(detail)


_SIGNAL: Final = """
    INSERT INTO workflow_signals (workspace_id, contact_id, source, detail, at)
    SELECT $1, contact_id, source, detail, clock_timestamp()
    FROM unnest($2::bigint[], $3::text[], $4::jsonb[]) AS told (contact_id, source, detail)
"""
