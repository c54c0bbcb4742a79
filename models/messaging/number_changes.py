"""People whose number is another one now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from models import clock, db
from models.contacts import person_consent
from models.contacts.consent import Word
from models.messaging import consent
from models.messaging.consent import Said
from models.messaging.provider_events import InboundEvent, Sender
from models.queue import work
from models.queue.enqueue import enqueue


async def heed(workspace_id: int, events: Sequence[InboundEvent], known: Mapping[Sender, int]) -> None:
    """Moves contacts to the numbers that WhatsApp says they have now. `known`: the contacts of the senders."""
    for event in sorted(events, key=lambda one: one.at):
        if event.new_wa_id is not None and event.sender in known:
            reason = "WhatsApp has said that this person's number is the other one's now."
            await give(workspace_id, known[event.sender], f"+{event.new_wa_id}", event.at, reason)


async def give(workspace_id: int, contact_id: int, phone: str, at: datetime, reason: str) -> None:
    """Gives the contact this number, in the caller's transaction. Where another contact has it, a suggestion to merge is kept.

    An opt-out goes to the new number too, whichever contact has it: the person is the same. A START from there after `at`, when
    the number became the person's, stands.
    """
    held = (await consent.contacts_of(workspace_id, [phone[1:]])).get(phone[1:])
    if held is None:
        await _move(workspace_id, contact_id, phone)
    elif held != contact_id:
        await _suggest_merge(workspace_id, contact_id, held, reason)
        if await _has_stopped(workspace_id, contact_id):
            await consent.heed(workspace_id, [Said(Word.STOP, at, phone, evidence=reason)])


async def _move(workspace_id: int, contact_id: int, phone: str) -> None:
    """A stop of the person goes to the new number too."""
    await db.execute(
        "UPDATE contacts SET phone = $3 WHERE workspace_id = $1 AND id = $2", workspace_id, contact_id, phone
    )
    await person_consent.settle(workspace_id, [contact_id])
    await enqueue(work.PROCESS_CHANGES, workspace_id)


async def _has_stopped(workspace_id: int, contact_id: int) -> bool:
    found = await db.fetch_value(
        "SELECT whatsapp_consent = 'OPTED_OUT' FROM contacts WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE",
        workspace_id,
        contact_id,
    )
    return bool(found)


async def _suggest_merge(workspace_id: int, contact_id: int, other_id: int, reason: str) -> None:
    await db.execute(
        """
        INSERT INTO contact_merge_suggestions (workspace_id, contact_id, other_contact_id, reason, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
        """,
        workspace_id,
        contact_id,
        other_id,
        reason,
        clock.now(),
    )
