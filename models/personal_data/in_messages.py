"""What the message ledger and the tables of WhatsApp hold of one person."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Final

from models import db
from models.messaging import counters, milestones, sources
from models.messaging.message_states import MessageStatus
from models.personal_data.identity import ERASED, Identity

AT_ONCE: Final = 50_000
"""Ids that one statement looks through: no index leads from a contact to its messages."""

_FIND: Final = """
    SELECT id, phone FROM messages
    WHERE workspace_id = $1 AND id > $2 AND id <= $3 AND (contact_id = $4 OR phone = ANY ($5::text[]))
"""


async def each_message(workspace_id: int, identity: Identity) -> AsyncIterator[Sequence[db.Record]]:
    """Yields (id, phone) of messages to the person, some at a time."""
    last = await db.fetch_value("SELECT max(id) FROM messages WHERE workspace_id = $1", workspace_id) or 0
    after = (await db.fetch_value("SELECT min(id) FROM messages WHERE workspace_id = $1", workspace_id) or 1) - 1
    while after < last:
        rows = await db.fetch(_FIND, workspace_id, after, after + AT_ONCE, identity.contact_id, identity.numbers)
        if rows:
            yield rows
        after += AT_ONCE


async def phones_of(workspace_id: int, identity: Identity) -> set[str]:
    """The numbers to which the contact was written, old ones included."""
    return {
        row["phone"]
        async for rows in each_message(workspace_id, identity)
        for row in rows
        if not row["phone"].startswith(ERASED)
    }


async def erase(workspace_id: int, identity: Identity) -> bool:
    """Removes numbers, parameters and ids from messages. False while one of them is being sent."""
    done = True
    async for rows in each_message(workspace_id, identity):
        done &= await _erase_some(workspace_id, [row["id"] for row in rows])
    await _erase_at_whatsapp(workspace_id, identity)
    return done


_HOLD: Final = """
    SELECT id, source_kind, source_id, contact_id, enrollment_id, status FROM messages
    WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR UPDATE
"""

# Without a token, no late outcome is written. What stands for the number differs for each message, as the key of the table asks,
# and has no digits, which would look like a number.
_ERASE: Final = f"""
    UPDATE messages SET
        phone = '{ERASED}:' || translate(id::text, '0123456789', 'abcdefghij'),
        parameters = '{{}}', message_id = NULL, lease_token = NULL,
        status = CASE WHEN status = 'PENDING' THEN 'SKIPPED' ELSE status END,
        reason = CASE WHEN status = 'PENDING' THEN 'The contact was erased.' END
    WHERE workspace_id = $1 AND id = ANY ($2::bigint[])
"""  # noqa: S608 - a constant


async def _erase_some(workspace_id: int, ids: Sequence[int]) -> bool:
    async with db.transaction():
        held = await db.fetch(_HOLD, workspace_id, list(ids))
        settled = [row for row in held if row["status"] != MessageStatus.SENDING]
        await db.execute(_ERASE, workspace_id, [row["id"] for row in settled])
        skipped = [row for row in settled if row["status"] == MessageStatus.PENDING]
        await counters.move(workspace_id, [(sources.of_row(row), "PENDING", "SKIPPED") for row in skipped])
        await milestones.record(workspace_id, [milestones.of_message(row, MessageStatus.SKIPPED) for row in skipped])
    return len(settled) == len(held)


async def _erase_at_whatsapp(workspace_id: int, identity: Identity) -> None:
    await _hide_reached(workspace_id, identity.keys)
    await db.execute(
        """
        DELETE FROM whatsapp_aliases
        WHERE workspace_id = $1 AND (phone = ANY ($2::text[]) OR '+' || ltrim(wa_id, '+') = ANY ($2::text[]))
        """,
        workspace_id,
        identity.numbers,
    )
    await db.execute(
        """
        DELETE FROM whatsapp_users
        WHERE workspace_id = $1 AND (contact_id = $3 OR phone = ANY ($2::text[]) OR user_id = ANY ($4::text[]))
        """,
        workspace_id,
        identity.numbers,
        identity.contact_id,
        sorted(identity.user_ids),
    )


async def _hide_reached(workspace_id: int, keys: Sequence[str]) -> None:
    """When the person was last written to stays, under a hash: the account's limit counts it."""
    hashes = [hashlib.sha256(f"{workspace_id}:{key}".encode()).hexdigest() for key in keys]
    async with db.transaction():
        await db.execute(
            "DELETE FROM whatsapp_reached WHERE workspace_id = $1 AND phone_key = ANY ($2::text[])",
            workspace_id,
            hashes,
        )
        await db.execute(
            """
            UPDATE whatsapp_reached r SET phone_key = g.hash FROM unnest($2::text[], $3::text[]) AS g (phone_key, hash)
            WHERE r.workspace_id = $1 AND r.phone_key = g.phone_key
            """,
            workspace_id,
            list(keys),
            hashes,
        )


async def user_ids_of(workspace_id: int, identity: Identity) -> set[str]:
    """Opaque ids of the person at WhatsApp."""
    rows = await db.fetch(
        "SELECT user_id FROM whatsapp_users WHERE workspace_id = $1 AND (contact_id = $2 OR phone = ANY ($3::text[]))",
        workspace_id,
        identity.contact_id,
        identity.numbers,
    )
    return {row["user_id"] for row in rows}


async def aliases_of(workspace_id: int, identity: Identity) -> set[str]:
    """The numbers, in E.164, by which WhatsApp knows the person."""
    rows = await db.fetch(
        "SELECT wa_id, phone FROM whatsapp_aliases WHERE workspace_id = $1 AND phone = ANY ($2::text[])",
        workspace_id,
        identity.numbers,
    )
    return {f"+{row['wa_id'].lstrip('+')}" for row in rows}
