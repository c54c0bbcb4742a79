"""Who does not want our messages any more, however they said so."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from models import clock, db


class ConsentSource(StrEnum):
    """Who told us: WhatsApp's own settings, or the person, in words or with a button."""

    PLATFORM = "PLATFORM"
    PERSON = "PERSON"


_OPT_OUT: Final = """
    WITH held AS (
        SELECT c.id, c.phone, c.whatsapp_consent FROM contacts c
        WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[]) ORDER BY c.id FOR NO KEY UPDATE),
    remembered AS (
        INSERT INTO whatsapp_opt_outs AS known (workspace_id, phone, source, consent_before, at)
        SELECT $1, phone, $3, whatsapp_consent, $4 FROM held
        WHERE phone IS NOT NULL AND (whatsapp_consent <> 'OPTED_OUT' OR $3 = 'PERSON')
        ON CONFLICT (workspace_id, phone) DO UPDATE
            SET source = excluded.source, at = excluded.at, consent_before = CASE
                WHEN excluded.consent_before = 'OPTED_OUT' THEN known.consent_before ELSE excluded.consent_before END)
    UPDATE contacts c SET whatsapp_consent = 'OPTED_OUT' FROM held
    WHERE c.workspace_id = $1 AND c.id = held.id AND held.whatsapp_consent <> 'OPTED_OUT'
"""


async def opt_out_contacts(
    workspace_id: int,
    contact_ids: Sequence[int],
    source: ConsentSource = ConsentSource.PLATFORM,
    at: datetime | None = None,
) -> int:
    """These opted out; returns for how many that is news. Their messages that still wait become SKIPPED when it is their turn."""
    if not contact_ids:
        return 0
    return await db.execute(_OPT_OUT, workspace_id, list(contact_ids), source, at or clock.now())


_RESUME: Final = """
    WITH stopped AS (
        SELECT c.id, o.consent_before, c.phone FROM contacts c
        JOIN whatsapp_opt_outs o ON o.workspace_id = c.workspace_id AND o.phone = c.phone
        WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[]) AND c.whatsapp_consent = 'OPTED_OUT' AND o.source = 'PLATFORM'
        ORDER BY c.id FOR NO KEY UPDATE OF c),
    forgotten AS (
        DELETE FROM whatsapp_opt_outs o USING stopped WHERE o.workspace_id = $1 AND o.phone = stopped.phone)
    UPDATE contacts c SET whatsapp_consent = CASE consent_before WHEN 'OPTED_OUT' THEN 'UNKNOWN' ELSE consent_before END
    FROM stopped WHERE c.workspace_id = $1 AND c.id = stopped.id
"""


async def resume_contacts(workspace_id: int, contact_ids: Sequence[int]) -> int:
    """These want marketing again, they told the platform: what the platform stopped is as it was before.

    A stop that a person gave us directly, or that was written down here by hand, stays.
    """
    if not contact_ids:
        return 0
    return await db.execute(_RESUME, workspace_id, list(contact_ids))


async def contacts_of(workspace_id: int, wa_ids: Collection[str]) -> Mapping[str, int]:
    """The contacts behind WhatsApp's names of numbers. Those that nobody has are absent."""
    rows = await db.fetch(
        """
        SELECT wanted.wa_id, c.id FROM unnest($2::text[]) AS wanted (wa_id)
        LEFT JOIN whatsapp_aliases a ON a.workspace_id = $1 AND a.wa_id = wanted.wa_id
        JOIN contacts c ON c.workspace_id = $1 AND c.phone = coalesce(a.phone, '+' || wanted.wa_id)
        """,
        workspace_id,
        list(wa_ids),
    )
    return {row["wa_id"]: row["id"] for row in rows}
