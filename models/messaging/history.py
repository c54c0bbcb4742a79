"""Activities of contacts about their messages.

`message.sent`, `.delivered`, `.read` and `.failed` carry {"broadcastId", "template"}, `message.received` the message.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import db
from models.membership import dirty_contacts
from models.messaging.sources import MessageSource, SourceKind, of_row
from models.queue import work
from models.queue.enqueue import enqueue

RECEIVED: Final = "message.received"

OF_OUR_MESSAGES: Final = frozenset({"message.sent", "message.delivered", "message.read", "message.failed"})


@dataclass(frozen=True, slots=True)
class MessageActivity:
    contact_id: int
    kind: str
    at: datetime
    key: str
    properties: dict[str, Any]


def global_id(broadcast_id: int) -> str:
    """Returns a broadcast's id as the API gives it; rules compare with it."""
    return urlsafe_b64encode(f"Broadcast:{broadcast_id}".encode()).rstrip(b"=").decode()


def source_properties(source: MessageSource) -> dict[str, str]:
    """Kinds that clients do not know are left out."""
    return {"broadcastId": global_id(source.id)} if source.kind == SourceKind.BROADCAST else {}


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


def of_message(message: Any, kind: str, at: datetime, **more: Any) -> MessageActivity:
    """`message` has id, contact_id, source_kind, source_id and template."""
    extra = {name: value for name, value in more.items() if value is not None}
    properties = {**source_properties(of_row(message)), "template": message["template"], **extra}
    return MessageActivity(message["contact_id"], f"message.{kind}", at, f"whatsapp:{message['id']}:{kind}", properties)
