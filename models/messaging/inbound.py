"""Messages from people, and their preferences in WhatsApp."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from models import db
from models.messaging import consent, history, sources
from models.messaging.consent import ConsentSource
from models.messaging.provider_events import InboundEvent, PreferenceEvent
from models.messaging.sources import MessageSource
from models.queue import work
from models.queue.enqueue import enqueue

LONGEST_TEXT: Final = 1000


async def process(workspace_id: int, events: Sequence[InboundEvent], stop_words: Collection[str]) -> int:
    """Works in the caller's transaction. Returns how many came from unknown numbers: these are left alone."""
    known = await consent.contacts_of(workspace_id, {event.wa_id for event in events if event.wa_id})
    received = [(known[event.wa_id], event) for event in events if event.wa_id and event.wa_id in known]
    if received:
        await _touch(workspace_id, received)
        answered = await _answered(workspace_id, [event.answers for _, event in received if event.answers])
        await history.record(workspace_id, [_activity(contact_id, event, answered) for contact_id, event in received])
        await _heed(workspace_id, received, stop_words)
    return len(events) - len(received)


async def _touch(workspace_id: int, received: Iterable[tuple[int, InboundEvent]]) -> None:
    last: dict[int, datetime] = {}
    for contact_id, event in received:
        last[contact_id] = max(event.at, last.get(contact_id, event.at))
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


async def _answered(workspace_id: int, message_ids: Sequence[str]) -> Mapping[str, MessageSource]:
    if not message_ids:
        return {}
    rows = await db.fetch(
        """
        SELECT message_id, source_kind, source_id FROM messages WHERE workspace_id = $1 AND message_id = ANY ($2::text[])
        """,
        workspace_id,
        list(message_ids),
    )
    return {row["message_id"]: sources.of_row(row) for row in rows}


def _activity(contact_id: int, event: InboundEvent, answered: Mapping[str, MessageSource]) -> history.MessageActivity:
    properties: dict[str, Any] = {"type": event.kind}
    if event.text:
        properties["text"] = event.text[:LONGEST_TEXT]
    if event.payload:
        properties["payload"] = event.payload[:LONGEST_TEXT]
    if event.answers and event.answers in answered:
        properties |= history.source_properties(answered[event.answers])
    return history.MessageActivity(
        contact_id, history.RECEIVED, event.at, f"whatsapp:{event.message_id}"[:200], properties
    )


async def _heed(workspace_id: int, received: Iterable[tuple[int, InboundEvent]], stop_words: Collection[str]) -> None:
    words = {word.casefold() for word in stop_words}
    stopped = [contact_id for contact_id, event in received if words & set(_texts(event))]
    await consent.opt_out_contacts(workspace_id, stopped, ConsentSource.PERSON)


def _texts(event: InboundEvent) -> list[str]:
    """Whole texts only: "please do not stop" is no stop word."""
    return [text.strip().strip(".!").casefold() for text in (event.text, event.payload) if text]


async def heed_preferences(workspace_id: int, events: Sequence[PreferenceEvent]) -> None:
    """The last choice of a person counts."""
    last: dict[str, PreferenceEvent] = {}
    for event in sorted(events, key=lambda one: one.at):
        last[event.wa_id] = event
    known = await consent.contacts_of(workspace_id, last.keys())
    await consent.opt_out_contacts(
        workspace_id, [known[wa_id] for wa_id, event in last.items() if event.stop and wa_id in known]
    )
    await consent.resume_contacts(
        workspace_id, [known[wa_id] for wa_id, event in last.items() if not event.stop and wa_id in known]
    )
