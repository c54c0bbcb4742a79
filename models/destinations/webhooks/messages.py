"""Events that another part of the product sends to one endpoint, such as a workflow's WEBHOOK step.

await messages.send(scope, endpoint_id, [Message(MessageSource("WORKFLOW_VISIT", visit_id), data, contact_id)])
...
outcome = (await messages.outcomes(scope, "WORKFLOW_VISIT", [visit_id])).get(visit_id)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models import clock, db
from models.destinations.webhooks import rows
from models.destinations.webhooks.event_types import WORKFLOW_MESSAGE
from models.queue import work
from models.queue.enqueue import enqueue
from models.values.texts import check_object
from permissions.principal import Scope

MOST_DATA_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class MessageSource:
    """Who sends: `kind` is a constant of the sending code, `id` is unique within it. A source sends one message."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Message:
    """`data` is JSON, at most MOST_DATA_BYTES: the `data` of the webhook. `contact_id`: whose personal data it holds."""

    source: MessageSource
    data: Mapping[str, Any]
    contact_id: int | None = None


class MessageOutcome(StrEnum):
    """WAITING: not sent yet, or to be tried again. FAILED: for good. SKIPPED: the endpoint is gone, or does not take messages."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


async def can_receive(scope: Scope, endpoint_id: int, event_type: str = WORKFLOW_MESSAGE) -> bool:
    """Whether the workspace has such an endpoint, and it is subscribed to `event_type`. In any state."""
    row = await rows.find(scope, endpoint_id)
    return row is not None and event_type in row["event_types"]


async def send(
    scope: Scope, endpoint_id: int, messages: Sequence[Message], *, event_type: str = WORKFLOW_MESSAGE
) -> MessageOutcome:
    """Sends one signed event for each, once the ambient transaction (or its own) has committed. Once per source.

    Messages have the schedule of retries of all webhooks, and wait while their endpoint is paused, for at most five days.
    Returns SKIPPED when the endpoint cannot receive them, and WAITING else. Raises Invalid for data that cannot be stored.
    """
    texts = [check_object(dict(message.data), MOST_DATA_BYTES) for message in messages]
    async with db.transaction():
        takes = await can_receive(scope, endpoint_id, event_type)
        outcome = MessageOutcome.WAITING if takes else MessageOutcome.SKIPPED
        now = clock.now()
        await db.execute(
            _SEND,
            scope.workspace_id,
            endpoint_id,
            event_type,
            outcome,
            now,
            None if takes else now,
            texts if takes else [None] * len(texts),
            [message.contact_id for message in messages],
            [message.source.kind for message in messages],
            [message.source.id for message in messages],
        )
        if takes:
            await enqueue(work.SEND_WEBHOOKS, scope.workspace_id, endpoint_id)
    return outcome


_SEND = """
INSERT INTO webhook_deliveries (
    workspace_id, endpoint_id, kind, event_type, events, status, next_attempt_at, created_at, finished_at,
    payload, contact_id, source_kind, source_id)
SELECT $1, $2, 'MESSAGE', $3, 1, $4, $5, $5, $6, m.payload, m.contact_id, m.source_kind, m.source_id
FROM unnest($7::text[], $8::bigint[], $9::text[], $10::bigint[]) AS m (payload, contact_id, source_kind, source_id)
ON CONFLICT (workspace_id, source_kind, source_id) DO NOTHING
"""


async def outcomes(scope: Scope, kind: str, ids: Sequence[int]) -> dict[int, MessageOutcome]:
    """Returns what became of the messages of these sources, by id. Absent: never sent, or ended more than 30 days ago."""
    found = await db.fetch(
        """
        SELECT source_id, status FROM webhook_deliveries
        WHERE workspace_id = $1 AND source_kind = $2 AND source_id = ANY ($3::bigint[])
        """,
        scope.workspace_id,
        kind,
        list(ids),
    )
    return {row["source_id"]: MessageOutcome(row["status"]) for row in found}


async def erase(workspace_id: int, contact_id: int) -> None:
    """Removes what messages hold about a person, and what was answered to them. One that waits is SKIPPED."""
    await db.execute(_ERASE, workspace_id, contact_id, clock.now())


_ERASE = """
UPDATE webhook_deliveries
SET payload = NULL, tried = '[]', status = CASE WHEN status = 'WAITING' THEN 'SKIPPED' ELSE status END,
    finished_at = coalesce(finished_at, $3)
WHERE workspace_id = $1 AND contact_id = $2 AND payload IS NOT NULL
"""


async def find_outcome(scope: Scope, source: MessageSource) -> MessageOutcome | None:
    return (await outcomes(scope, source.kind, [source.id])).get(source.id)
