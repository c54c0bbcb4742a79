"""Messages from people, and their preferences."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from models import db
from models.messaging import consent, history, number_changes, senders, sources
from models.messaging.consent import ConsentSource
from models.messaging.inbound_activities import activity_of, is_said
from models.messaging.provider_events import InboundEvent, PreferenceEvent
from models.messaging.sources import MessageSource
from models.messaging.stop_words import Wish, wish_of
from models.queue import work
from models.queue.enqueue import enqueue


async def process(workspace_id: int, events: Sequence[InboundEvent], stop_words: Collection[str]) -> int:
    """Runs in the caller's transaction. Returns how many came from people that nobody here knows: these are left alone.

    Only a stop of somebody without a number makes a contact, so that it is kept.
    """
    if not events:
        return 0
    wishes = {id(event): _wish(event, tuple(stop_words)) for event in events}
    known = dict(await senders.find_contacts(workspace_id, {event.sender for event in events}))
    for event in events:
        if wishes[id(event)] is Wish.STOP and event.sender not in known and event.sender.wa_id is None:
            known[event.sender] = await senders.create_anonymous(workspace_id, event.sender)
    received = [(known[event.sender], event) for event in events if event.sender in known]
    if received:
        await _touch(workspace_id, [(contact_id, event) for contact_id, event in received if is_said(event)])
        answered = await _answered(workspace_id, [event.answers for _, event in received if event.answers])
        await history.record(workspace_id, [activity_of(contact_id, event, answered) for contact_id, event in received])
        await _heed(workspace_id, [(contact_id, event.at, wishes[id(event)]) for contact_id, event in received])
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


async def _heed(workspace_id: int, wishes: Iterable[tuple[int, datetime, Wish | None]]) -> None:
    """The last wish of a person counts."""
    in_order = sorted(wishes, key=lambda one: one[1])
    last = {contact_id: wish for contact_id, _, wish in in_order if wish is not None}
    stopped = [contact_id for contact_id, wish in last.items() if wish is Wish.STOP]
    await consent.opt_out_contacts(workspace_id, stopped, ConsentSource.PERSON)
    started = [contact_id for contact_id, wish in last.items() if wish is Wish.START]
    await consent.resume_contacts(workspace_id, started, ConsentSource.PERSON)


async def heed_preferences(workspace_id: int, events: Sequence[PreferenceEvent]) -> None:
    """The last choice of a person counts."""
    if not events:
        return
    known = dict(await senders.find_contacts(workspace_id, {event.sender for event in events}))
    last: dict[int, bool] = {}
    for event in sorted(events, key=lambda one: one.at):
        if event.stop and event.sender not in known and event.sender.wa_id is None:
            known[event.sender] = await senders.create_anonymous(workspace_id, event.sender)
        if event.sender in known:
            last[known[event.sender]] = event.stop
    await consent.opt_out_contacts(workspace_id, [contact_id for contact_id, stop in last.items() if stop])
    await consent.resume_contacts(workspace_id, [contact_id for contact_id, stop in last.items() if not stop])
