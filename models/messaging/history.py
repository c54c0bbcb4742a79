"""Activities of contacts about their messages.

`message.sent`, `.delivered`, `.read` and `.failed` carry the template and what sent it: {"broadcastId"} or {"workflowId",
"node"}; `message.received` the message, and what sent the one that it answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import db
from models.membership import dirty_contacts
from models.messaging.sources import MessageSource, SourceKind, of_row
from models.queue import work
from models.queue.enqueue import enqueue
from models.values.global_ids import to_global_id

RECEIVED: Final = "message.received"

OF_OUR_MESSAGES: Final = frozenset({"message.sent", "message.delivered", "message.read", "message.failed"})


@dataclass(frozen=True, slots=True)
class MessageActivity:
    contact_id: int
    kind: str
    at: datetime
    key: str
    properties: dict[str, Any]


Sent = Mapping[MessageSource, Mapping[str, str]]
"""What activities say of what sent a message."""


async def sent_by(workspace_id: int, sources: Iterable[MessageSource]) -> Sent:
    """What activities say of these sources."""
    told: dict[MessageSource, Mapping[str, str]] = {}
    senders: list[int] = []
    for source in set(sources):
        if source.kind == SourceKind.BROADCAST:
            told[source] = {"broadcastId": to_global_id("Broadcast", source.id)}
        else:
            senders.append(source.id)
    rows = await db.fetch(_NODES, workspace_id, senders) if senders else []
    for id_, workflow_id, node in rows:
        told[MessageSource(SourceKind.WORKFLOW, id_)] = {
            "workflowId": to_global_id("Workflow", workflow_id),
            "node": node,
        }
    return told


_NODES: Final = """
    SELECT s.id, s.workflow_id, n.key FROM workflow_senders s
    JOIN workflow_nodes n ON n.workspace_id = $1 AND n.workflow_id = s.workflow_id AND n.node = s.node
    WHERE s.workspace_id = $1 AND s.id = ANY ($2::bigint[])
"""


_LOCK: Final = "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR KEY SHARE"

_RECORD: Final = """
    INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties, idempotency_key)
    SELECT $1, g.contact_id, g.kind, g.at, g.properties, g.key
    FROM unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::jsonb[]) AS g (contact_id, kind, at, key, properties)
    ORDER BY g.contact_id
    ON CONFLICT (workspace_id, idempotency_key) DO NOTHING
    RETURNING 1
"""


async def record(workspace_id: int, activities: Sequence[MessageActivity]) -> int:
    """In a transaction. Returns how many are new; deleted contacts are left out.

    Statuses are bulk changes: they do not delay people's changes.
    """
    if not activities:
        return 0
    held = await db.fetch(_LOCK, workspace_id, [one.contact_id for one in activities])
    existing = {row["id"] for row in held}
    activities = [one for one in activities if one.contact_id in existing]
    async with dirty_contacts.as_bulk(only_if=all(one.kind in OF_OUR_MESSAGES for one in activities)):
        rows = await db.fetch(
            _RECORD,
            workspace_id,
            [one.contact_id for one in activities],
            [one.kind for one in activities],
            [one.at for one in activities],
            [one.key for one in activities],
            [db.dump_json(one.properties) for one in activities],
        )
    if rows:
        await enqueue(work.PROCESS_CHANGES, workspace_id)
    return len(rows)


def of_message(message: Any, sent: Sent, kind: str, at: datetime, **more: Any) -> MessageActivity:
    """`message` has id, contact_id, source_kind, source_id and template; `sent` knows its source."""
    extra = {name: value for name, value in more.items() if value is not None}
    properties = {**sent.get(of_row(message), {}), "template": message["template"], **extra}
    return MessageActivity(message["contact_id"], f"message.{kind}", at, f"whatsapp:{message['id']}:{kind}", properties)
