"""Messages from people, and their preferences."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from models import db
from models.contacts.consent import Word
from models.messaging import consent, history, number_changes, senders, sources
from models.messaging.consent import Said
from models.messaging.inbound_activities import activity_of, is_said
from models.messaging.provider_events import InboundEvent, PreferenceEvent, Sender
from models.messaging.stop_words import Wish, wish_of
from models.queue import work
from models.queue.enqueue import enqueue


async def process(workspace_id: int, events: Sequence[InboundEvent], stop_words: Collection[str]) -> int:
    """Runs in the caller's transaction. Returns how many came from people that nobody here knows: these are left alone.

    Only a stop of somebody without a number makes a contact, so that it is kept.
    """
    if not events:
        return 0
    events = await senders.with_numbers(workspace_id, events)
    wishes = {id(event): _wish(event, tuple(stop_words)) for event in events}
    known = dict(await senders.find_contacts(workspace_id, {event.sender for event in events}))
    for event in events:
        if wishes[id(event)] is Wish.STOP and event.sender not in known and event.sender.wa_id is None:
            known[event.sender] = await senders.create_anonymous(workspace_id, event.sender)
    received = [(known[event.sender], event) for event in events if event.sender in known]
    await _heed(workspace_id, events, known, wishes)
    if received:
        await _touch(workspace_id, [(contact_id, event) for contact_id, event in received if is_said(event)])
        answered = await _answered(workspace_id, [event.answers for _, event in received if event.answers])
        await history.record(workspace_id, [activity_of(contact_id, event, answered) for contact_id, event in received])
        await number_changes.heed(workspace_id, events, known)
    return len(events) - len(received)


def _wish(event: InboundEvent, stop_words: tuple[str, ...]) -> Wish | None:
    return wish_of((text for text in (event.text, event.payload) if text), stop_words) if is_said(event) else None


async def _touch(workspace_id: int, said: Iterable[tuple[int, InboundEvent]]) -> None:
    last: dict[int, datetime] = {}
    for contact_id, event in said:
        last[contact_id] = max(event.at, last.get(contact_id, event.at))
    if not last:
        return
    await db.execute(
        "SELECT 1 FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR NO KEY UPDATE",
        workspace_id,
        list(last.keys()),
    )
    await db.execute(
        """
        UPDATE contacts c SET last_interaction_at = g.at FROM unnest($2::bigint[], $3::timestamptz[]) AS g (id, at)
        WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[]) AND c.id = g.id
          AND (c.last_interaction_at IS NULL OR c.last_interaction_at < g.at)
        """,
        workspace_id,
        list(last.keys()),
        list(last.values()),
    )
    await enqueue(work.PROCESS_CHANGES, workspace_id)


async def _answered(workspace_id: int, message_ids: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    if not message_ids:
        return {}
    rows = await db.fetch(
        """
        SELECT message_id, source_kind, source_id FROM messages WHERE workspace_id = $1 AND message_id = ANY ($2::text[])
        """,
        workspace_id,
        list(message_ids),
    )
    found = {row["message_id"]: sources.of_row(row) for row in rows}
    sent = await history.sent_by(workspace_id, found.values())
    return {message_id: sent.get(source, {}) for message_id, source in found.items()}


async def _heed(
    workspace_id: int, events: Iterable[InboundEvent], known: Mapping[Sender, int], wishes: Mapping[int, Wish | None]
) -> None:
    """The last wish of a person counts, and that of a number which no contact has is remembered."""
    said = []
    for event in events:
        wish, sender = wishes[id(event)], event.sender
        if wish is not None:
            evidence = f"whatsapp:{event.message_id}"[:200]
            said.append(Said(_WORDS[wish], event.at, sender.wa_id, known.get(sender), evidence))
    await consent.heed(workspace_id, said)


_WORDS: Final = {Wish.STOP: Word.STOP, Wish.START: Word.START}


async def heed_preferences(workspace_id: int, events: Sequence[PreferenceEvent]) -> None:
    """The last choice of a person counts."""
    if not events:
        return
    events = await senders.with_numbers(workspace_id, events)
    known = dict(await senders.find_contacts(workspace_id, {event.sender for event in events}))
    said = []
    for event in events:
        if event.stop and event.sender not in known and event.sender.wa_id is None:
            known[event.sender] = await senders.create_anonymous(workspace_id, event.sender)
        word = Word.PLATFORM_STOP if event.stop else Word.PLATFORM_RESUME
        said.append(Said(word, event.at, event.sender.wa_id, known.get(event.sender), "whatsapp:user_preferences"))
    await consent.heed(workspace_id, said)
