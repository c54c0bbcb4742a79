"""What happened to a message, as activities of its contact: so that segments can ask about it.

`message.sent`, `message.delivered`, `message.read` and `message.failed` carry {"broadcastId", "template"}; `message.received`
what was written. Each is recorded once, whoever tells of it and how often: its key is made from the recipient and the kind.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import db
from models.membership import dirty_contacts

RECEIVED: Final = "message.received"
"""What a person wrote."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One activity to be."""

    contact_id: int
    kind: str
    at: datetime
    key: str
    properties: dict[str, Any]


def outside_id(broadcast_id: int) -> str:
    """A broadcast's id as clients know it: rules compare `broadcastId` with what a client was given."""
    return urlsafe_b64encode(f"Broadcast:{broadcast_id}".encode()).rstrip(b"=").decode()


_RECORD: Final = """
    WITH told AS (
        SELECT * FROM unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::jsonb[])
            AS told (contact_id, kind, at, key, properties)),
    there AS (
        SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR KEY SHARE)
    INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties, idempotency_key)
    SELECT $1, told.contact_id, told.kind, told.at, told.properties, told.key
    FROM told JOIN there ON there.id = told.contact_id ORDER BY told.contact_id
    ON CONFLICT (workspace_id, idempotency_key) DO NOTHING
"""


async def record(workspace_id: int, happenings: Sequence[Happening]) -> int:
    """Write the activities of contacts that are still there; returns how many are new. The caller rings `changes`.

    In a transaction. What became of a broadcast's messages comes in floods, and is taken in after what people do: they are marked
    as bulk, but for `message.received`.
    """
    if not happenings:
        return 0
    async with dirty_contacts.as_bulk(only_if=all(one.kind != RECEIVED for one in happenings)):
        return await db.execute(
            _RECORD,
            workspace_id,
            [one.contact_id for one in happenings],
            [one.kind for one in happenings],
            [one.at for one in happenings],
            [one.key for one in happenings],
            [db.dump_json(one.properties) for one in happenings],
        )


def of_message(recipient: Any, kind: str, at: datetime, **more: Any) -> Happening:
    """What happened to a recipient's message; `recipient` is a row with id, contact_id, broadcast_id and template."""
    properties = {"broadcastId": outside_id(recipient["broadcast_id"]), "template": recipient["template"]}
    said = {name: value for name, value in more.items() if value is not None}
    key = f"whatsapp:{recipient['id']}:{kind}"
    return Happening(recipient["contact_id"], f"message.{kind}", at, key, {**properties, **said})
