"""What SEND must know of contacts, read as broadcasts read it."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from models import db
from models.accounts import message_cap
from models.accounts.message_cap import MessageCap
from models.contacts import fields as contact_fields
from models.db.tables.broadcasts import MessageTemplate
from models.messaging import placeholders, rendering
from models.messaging.ledger import NORMAL_PHONE
from models.messaging.rendering import Binding, Binds
from models.workflows.graph.actions import Send
from models.workflows.messages.decisions import Recipient
from permissions.principal import Scope


async def read(scope: Scope, template: MessageTemplate, do: Send, contact_ids: Collection[int]) -> dict[int, Recipient]:
    """By contact; contacts that are gone are left out."""
    binds = Binds([scope.workspace_id, list(contact_ids)])
    wanted = placeholders.from_json(template.slots)
    bindings = [Binding(one.name, one.field, one.text, one.fallback) for one in do.parameters]
    texts = rendering.expressions(wanted, bindings, await contact_fields.load(scope), scope.timezone, binds)
    cap = None if do.ignore_cap else await message_cap.find(scope.workspace_id)
    rows = await db.fetch(
        f"""
        SELECT c.id, {NORMAL_PHONE} AS phone, c.whatsapp_consent, ARRAY[{", ".join(texts)}]::text[] AS parameters,
               {_capped_until(cap, binds)} AS capped_until
        FROM contacts c WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[])
        """,  # noqa: S608 - every value is bound
        *binds,
    )
    required = [placeholder.required for placeholder in wanted]
    return {row["id"]: _recipient(row, required) for row in rows}


def _recipient(row: db.Record, required: list[bool]) -> Recipient:
    is_missing = any(needed and text is None for needed, text in zip(required, row["parameters"], strict=True))
    capped_until: datetime | None = row["capped_until"]
    return Recipient(row["id"], row["phone"], row["whatsapp_consent"], row["parameters"], is_missing, capped_until)


def _capped_until(cap: MessageCap | None, binds: Binds) -> str:
    """When the oldest of the messages that fill the cap leaves its window."""
    if cap is None:
        return "NULL::timestamptz"
    since, before = binds.bind(cap.since, "timestamptz"), binds.bind(cap.count - 1, "integer")
    return _CAPPED_UNTIL.format(since=since, before=before, window=binds.bind(cap.window, "text"))


# The states are those of messages_person_idx.
_CAPPED_UNTIL: Final = """(
    SELECT (counted.due_at AT TIME ZONE 'UTC' + {window}::interval) AT TIME ZONE 'UTC' FROM messages counted
    WHERE counted.workspace_id = $1 AND muster_phone_key(counted.phone) = c.phone_key AND counted.due_at > {since}
      AND counted.status IN ('SENDING', 'SENT', 'DELIVERED', 'READ', 'UNCONFIRMED')
    ORDER BY counted.due_at DESC OFFSET {before} LIMIT 1)"""
