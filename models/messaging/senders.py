"""Which contact a person at WhatsApp is.

A webhook names a person by number, by an opaque id, or by both. What it says together is kept, for later webhooks with the id
alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from models import clock, db
from models.messaging import consent, number_changes
from models.messaging.provider_events import InboundEvent, PreferenceEvent, Sender
from models.queue import work
from models.queue.enqueue import enqueue

Named = TypeVar("Named", InboundEvent, PreferenceEvent)


async def with_numbers(workspace_id: int, events: Sequence[Named]) -> list[Named]:
    """Returns the events, with the numbers of people that they name by an opaque id alone where WhatsApp has said them.

    In a transaction: it also keeps which ids go together.
    """
    await remember(workspace_id, [event.sender for event in events])
    nameless = [event.sender.user_id for event in events if event.sender.wa_id is None and event.sender.user_id]
    ties = await _ties(workspace_id, nameless)
    return [_with_number(event, ties) for event in events]


def _with_number(event: Named, ties: Mapping[str, tuple[str | None, int | None]]) -> Named:
    phone, _ = ties.get(event.sender.user_id or "", (None, None))
    if event.sender.wa_id is not None or phone is None:
        return event
    return replace(event, sender=replace(event.sender, wa_id=phone[1:]))


async def find_contacts(workspace_id: int, senders: Collection[Sender]) -> Mapping[Sender, int]:
    """Returns the contacts' ids, of senders of `with_numbers`; senders without a contact are absent."""
    by_number = await consent.contacts_of(workspace_id, {one.wa_id for one in senders if one.wa_id})
    ties = await _ties(workspace_id, [one.user_id for one in senders if one.user_id and one.wa_id not in by_number])
    found: dict[Sender, int] = {}
    for one in senders:
        _, contact_id = ties.get(one.user_id or "", (None, None))
        known = by_number.get(one.wa_id or "", contact_id)
        if known is not None:
            found[one] = known
    return found


async def _ties(workspace_id: int, user_ids: Collection[str]) -> Mapping[str, tuple[str | None, int | None]]:
    """Returns phone and contact by opaque id."""
    if not user_ids:
        return {}
    rows = await db.fetch(
        """
        SELECT u.user_id, u.phone, c.id AS contact_id FROM whatsapp_users u
        LEFT JOIN contacts c ON c.workspace_id = $1 AND c.id = u.contact_id
        WHERE u.workspace_id = $1 AND u.user_id = ANY ($2::text[])
        """,
        workspace_id,
        list(user_ids),
    )
    return {row["user_id"]: (row["phone"], row["contact_id"]) for row in rows}


# ---------------------------------------------------------------- ids that go together


_REMEMBER: Final = """
    INSERT INTO whatsapp_users AS known (workspace_id, user_id, phone, seen_at)
    SELECT $1, g.user_id, g.phone, $4 FROM unnest($2::text[], $3::text[]) AS g (user_id, phone)
    LEFT JOIN whatsapp_users k ON k.workspace_id = $1 AND k.user_id = g.user_id
    WHERE k.phone IS DISTINCT FROM g.phone ORDER BY g.user_id
    ON CONFLICT (workspace_id, user_id) DO UPDATE SET phone = excluded.phone, seen_at = excluded.seen_at
    RETURNING user_id, phone, contact_id
"""


async def remember(workspace_id: int, senders: Collection[Sender]) -> None:
    """Keeps which opaque id has which number, as said last. A contact without a number gets it."""
    phones = {one.user_id: f"+{one.wa_id}" for one in senders if one.user_id and one.wa_id}
    if not phones:
        return
    rows = await db.fetch(_REMEMBER, workspace_id, list(phones.keys()), list(phones.values()), clock.now())
    for row in rows:
        if row["contact_id"] is not None:
            reason = "WhatsApp has said that this person, who wrote without a number, has the other one's."
            await number_changes.give(workspace_id, row["contact_id"], row["phone"], clock.now(), reason)


# ---------------------------------------------------------------- people that were never seen


async def create_anonymous(workspace_id: int, sender: Sender) -> int:
    """Creates a contact for an opaque id without a number, and returns its id."""
    assert sender.user_id is not None
    contact_id: int = await db.fetch_value(
        "INSERT INTO contacts (workspace_id, name) VALUES ($1, $2) RETURNING id",
        workspace_id,
        None if sender.name is None else sender.name.strip()[:500] or None,
    )
    await db.execute(
        """
        INSERT INTO whatsapp_users (workspace_id, user_id, contact_id, seen_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (workspace_id, user_id) DO UPDATE SET contact_id = excluded.contact_id, seen_at = excluded.seen_at
        """,
        workspace_id,
        sender.user_id,
        contact_id,
        clock.now(),
    )
    await enqueue(work.PROCESS_CHANGES, workspace_id)
    return contact_id
