"""What people say about messages on WhatsApp, and which numbers and contacts it is about."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models import db
from models.contacts import person_consent
from models.contacts.consent import Word
from models.contacts.suppressions import Heard
from models.values.phones import phone_key


@dataclass(frozen=True, slots=True)
class Said:
    """A word of a person, known by `wa_id` (a number in any spelling), as a contact, or both. `at` is the provider's time."""

    word: Word
    at: datetime
    wa_id: str | None = None
    contact_id: int | None = None
    evidence: str | None = None


async def heed(workspace_id: int, said: Sequence[Said]) -> int:
    """Returns how many contacts have another consent now. Any order and any repetition come to the same.

    A word counts for the number and every contact that has it, now or later; without a number, for the contact alone.
    """
    if not said:
        return 0
    async with db.transaction():
        numbers = await _numbers(workspace_id, {one.contact_id for one in said if one.contact_id is not None})
        heard: dict[Heard, None] = {}
        alone: dict[int, list[Heard]] = {}
        for one in said:
            keys = [phone_key(one.wa_id)] if one.wa_id else []
            own = numbers.get(one.contact_id) if one.contact_id is not None else None
            keys += [own] if own is not None else []
            heard |= dict.fromkeys(Heard(key, one.word, one.at, evidence=one.evidence) for key in keys)
            if not keys and one.contact_id is not None:
                alone.setdefault(one.contact_id, []).append(Heard("", one.word, one.at, evidence=one.evidence))
        changed = await person_consent.heed(workspace_id, list(heard))
        for contact_id, words in sorted(alone.items()):
            changed += await person_consent.heed_without_number(workspace_id, contact_id, words)
    return changed


async def _numbers(workspace_id: int, contact_ids: Iterable[int]) -> Mapping[int, str]:
    rows = await db.fetch(
        "SELECT id, phone_key FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND phone_key IS NOT NULL",
        workspace_id,
        list(contact_ids),
    )
    return {row["id"]: row["phone_key"] for row in rows}


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
