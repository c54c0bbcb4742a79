"""Opting out of messages, and back in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from models import clock, db
from models.queue import work
from models.queue.enqueue import enqueue
from models.values.phones import phone_key


class ConsentSource(StrEnum):
    """WhatsApp's settings, or the person's own words or button."""

    PLATFORM = "PLATFORM"
    PERSON = "PERSON"


_LOCK: Final = """
    SELECT id, phone, whatsapp_consent FROM contacts
    WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""

_OPT_OUT: Final = """
    WITH remembered AS (
        INSERT INTO whatsapp_opt_outs AS known (workspace_id, phone, source, consent_before, at)
        SELECT $1, g.phone, $5, g.consent, $6 FROM unnest($3::text[], $4::text[]) AS g (phone, consent)
        WHERE g.phone IS NOT NULL AND (g.consent <> 'OPTED_OUT' OR $5 = 'PERSON')
        ON CONFLICT (workspace_id, phone) DO UPDATE
            SET source = excluded.source, at = excluded.at, consent_before = CASE
                WHEN excluded.consent_before = 'OPTED_OUT' THEN known.consent_before ELSE excluded.consent_before END)
    UPDATE contacts SET whatsapp_consent = 'OPTED_OUT'
    WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND whatsapp_consent <> 'OPTED_OUT'
"""


async def opt_out_contacts(
    workspace_id: int,
    contact_ids: Sequence[int],
    source: ConsentSource = ConsentSource.PLATFORM,
    at: datetime | None = None,
) -> int:
    """Returns how many were not opted out before."""
    if not contact_ids:
        return 0
    async with db.transaction():
        held = await db.fetch(_LOCK, workspace_id, list(contact_ids))
        changed = await db.execute(
            _OPT_OUT,
            workspace_id,
            [row["id"] for row in held],
            [row["phone"] for row in held],
            [row["whatsapp_consent"] for row in held],
            source,
            at or clock.now(),
        )
        if changed:
            await enqueue(work.PROCESS_CHANGES, workspace_id)
    return changed


_STOPPED: Final = """
    SELECT c.id, c.phone, o.consent_before FROM contacts c
    JOIN whatsapp_opt_outs o ON o.workspace_id = $1 AND o.phone = c.phone AND o.source = ANY ($3::text[])
    WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[]) AND c.whatsapp_consent = 'OPTED_OUT'
    ORDER BY c.id FOR NO KEY UPDATE OF c
"""

_RESUME: Final = """
    WITH forgotten AS (
        DELETE FROM whatsapp_opt_outs WHERE workspace_id = $1 AND phone = ANY ($3::text[]))
    UPDATE contacts c SET whatsapp_consent = CASE WHEN g.before = 'OPTED_OUT' THEN 'UNKNOWN' ELSE g.before END
    FROM unnest($2::bigint[], $4::text[]) AS g (id, before)
    WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[]) AND c.id = g.id
"""


_UNDONE_BY: Final = {
    ConsentSource.PLATFORM: [ConsentSource.PLATFORM],
    ConsentSource.PERSON: [ConsentSource.PLATFORM, ConsentSource.PERSON],
}


async def resume_contacts(
    workspace_id: int, contact_ids: Sequence[int], source: ConsentSource = ConsentSource.PLATFORM
) -> int:
    """Undo opt-outs that came from the platform; others stay."""
    if not contact_ids:
        return 0
    async with db.transaction():
        stopped = await db.fetch(_STOPPED, workspace_id, list(contact_ids), _UNDONE_BY[source])
        changed = await db.execute(
            _RESUME,
            workspace_id,
            [row["id"] for row in stopped],
            [row["phone"] for row in stopped],
            [row["consent_before"] for row in stopped],
        )
        if changed:
            await enqueue(work.PROCESS_CHANGES, workspace_id)
    return changed


async def contacts_of(workspace_id: int, wa_ids: Collection[str]) -> Mapping[str, int]:
    """Returns contacts by WhatsApp's id, in any spelling; ids without a contact are absent. Of several, the oldest."""
    wanted = list(wa_ids)
    rows = await db.fetch(
        """
        SELECT wanted.wa_id, c.id FROM unnest($2::text[], $3::text[]) AS wanted (wa_id, phone_key)
        LEFT JOIN whatsapp_aliases a ON a.workspace_id = $1 AND a.wa_id = wanted.wa_id
        JOIN contacts c ON c.workspace_id = $1 AND c.phone_key = coalesce(muster_phone_key(a.phone), wanted.phone_key)
        ORDER BY c.phone_twin DESC
        """,
        workspace_id,
        wanted,
        list(map(phone_key, wanted)),
    )
    return {row["wa_id"]: row["id"] for row in rows}
