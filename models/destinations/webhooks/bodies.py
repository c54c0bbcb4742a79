"""What is sent for a delivery. It is made anew from the log for each attempt: the same each time, but for contacts, which are as
they are at that moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from models.changelog.cursor import to_cursor
from models.changelog.events import EVENTS, Event
from models.changelog.members import MEMBERS, MembershipChange
from models.changelog.read import read_page
from models.contacts.find import contacts_by_ids
from models.destinations.webhooks.event_types import EVENT_TYPES
from models.destinations.webhooks.rows import DeliveryKind
from models.values.global_ids import to_global_id
from permissions.principal import Scope

MOST_BYTES: Final = 256 * 1024
"""Of a body."""

ENVELOPE_BYTES: Final = 1_024
"""Left for what stands around the changes."""

Entries = Sequence[MembershipChange] | Sequence[Event]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that waits. `log` None: its `payload` is the data."""

    id: int
    kind: DeliveryKind
    event_type: str
    events: int
    log: str | None
    after: int | None
    until: int | None
    segment_ids: tuple[int, ...]
    payload: str | None
    attempts: int
    next_attempt_at: datetime
    created_at: datetime

    @property
    def is_replay(self) -> bool:
        return self.kind in (DeliveryKind.REPLAY, DeliveryKind.RESEND)

    @property
    def webhook_id(self) -> str:
        """The same on every attempt; also the delivery's id in the API."""
        return to_global_id("WebhookDelivery", self.id)


def delivery_of(row: Any) -> Delivery:
    return Delivery(
        row["id"],
        DeliveryKind(row["kind"]),
        row["event_type"],
        row["events"],
        row["log"],
        row["after_position"],
        row["until_position"],
        tuple(row["segment_ids"]),
        row["payload"],
        row["attempts"],
        row["next_attempt_at"],
        row["created_at"],
    )


async def entries_of(scope: Scope, delivery: Delivery) -> Entries:
    """Raises NotInLog when they are no longer kept."""
    if delivery.log is None:
        return ()
    if delivery.log == EVENTS.name:
        return (await read_page(scope, EVENTS, delivery.after, 1)).entries
    only = list(delivery.segment_ids) or None
    found: list[MembershipChange] = []
    position = delivery.after
    while len(found) < delivery.events:  # with `only`, a page may be short though others follow
        page = await read_page(scope, MEMBERS, position, delivery.events - len(found), only)
        found += page.entries
        position = page.position
        if not page.more:
            break
    return found


async def body_of(scope: Scope, delivery: Delivery, entries: Entries, *, with_contacts: bool) -> bytes:
    if delivery.log is None:
        return _envelope(delivery, delivery.created_at, orjson.Fragment(delivery.payload or "{}"))
    if delivery.log == EVENTS.name:
        event: Any = entries[0]
        return _envelope(delivery, event.at, EVENT_TYPES[event.type.value].data_of(event.payload))
    changes: Sequence[Any] = entries
    encoded = await _encoded(scope, changes) if with_contacts else list(map(_fields, changes))
    data = {"changes": encoded, "cursor": to_cursor(MEMBERS, scope.workspace_id, delivery.until or 0)}
    return _envelope(delivery, changes[-1].at, data)


async def _encoded(scope: Scope, changes: Sequence[MembershipChange]) -> list[Any]:
    encoded = [encode(change, contact) for change, contact in await with_their_contacts(scope, changes)]
    return [orjson.Fragment(one) for one in fitting(changes, encoded)]


def _envelope(delivery: Delivery, at: datetime, data: Any) -> bytes:
    body: dict[str, Any] = {"type": delivery.event_type, "timestamp": at, "data": data}
    if delivery.is_replay:
        body["replay"] = True
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)


# ---------------------------------------------------------------- changes


def encode(change: MembershipChange, contact: Any) -> bytes:
    """`contact`: a row, or None when there is none."""
    of_contact = None if contact is None else _contact(contact)
    return orjson.dumps(_fields(change) | {"contact": of_contact}, option=orjson.OPT_UTC_Z)


def _fields(change: MembershipChange) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "origin": change.origin,
        "at": change.at,
        "segmentId": to_global_id("Segment", change.segment_id),
        "contactId": to_global_id("Contact", change.contact_id),
        "cursor": to_cursor(MEMBERS, change.workspace_id, change.position),
    }


def fitting(changes: Sequence[MembershipChange], encoded: Sequence[bytes]) -> Sequence[bytes]:
    """Leaves out the contacts of the last changes when they do not fit, because they have grown since the range was chosen."""
    if sum(map(len, encoded)) + len(encoded) <= MOST_BYTES - ENVELOPE_BYTES:
        return encoded
    short, kept = [encode(change, None) for change in changes], list(encoded)
    size = sum(map(len, encoded)) + len(encoded)
    for index in reversed(range(len(kept))):
        if size <= MOST_BYTES - ENVELOPE_BYTES:
            break
        size -= len(kept[index]) - len(short[index])
        kept[index] = short[index]
    return kept


async def with_their_contacts(scope: Scope, changes: Sequence[MembershipChange]) -> list[tuple[MembershipChange, Any]]:
    rows = await contacts_by_ids(scope, list({change.contact_id for change in changes}), _CONTACT)
    by_id = {row["id"]: row for row in rows}
    return [(change, by_id.get(change.contact_id)) for change in changes]


_CONTACT: Final = {
    "external_id": "externalId",
    "name": "name",
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "phone": "phone",
    "timezone": "timezone",
    "date_of_birth": "dateOfBirth",
    "subscribed_at": "subscribedAt",
    "last_interaction_at": "lastInteractionAt",
    "score": "score",
    "whatsapp_consent": "whatsappConsent",
    "tags": "tags",
    "attributes": "attributes",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}
"""Columns, by the names of the API."""


def _contact(row: Any) -> dict[str, Any]:
    contact: dict[str, Any] = {"id": to_global_id("Contact", row["id"])}
    contact |= {
        name: _value(row[column]) if column == "attributes" else row[column] for column, name in _CONTACT.items()
    }
    return contact


def _value(stored: Any) -> Any:
    return orjson.Fragment(stored) if isinstance(stored, str) else stored


# ---------------------------------------------------------------- for people


async def payload_of(scope: Scope, row: Any, *, with_contacts: bool) -> bytes | None:
    """Returns what is sent for a delivery (a row); None when the log no longer has it, or it was removed."""
    delivery = delivery_of(row)
    if delivery.log is None:
        return None if delivery.payload is None else await body_of(scope, delivery, (), with_contacts=False)
    entries = await entries_of(scope, delivery)
    return await body_of(scope, delivery, entries, with_contacts=with_contacts) if entries else None
