"""Reads an item of a webhook as an event."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from models.messaging.provider_events import (
    AccountEvent,
    Event,
    InboundEvent,
    PreferenceEvent,
    Receipt,
    Sender,
    StatusEvent,
    TemplateEvent,
)
from workers.providers.whatsapp.errors import refusal
from workers.providers.whatsapp.message_content import content_of, text_of
from workers.providers.whatsapp.webhook import Item

_RECEIPTS: Final = {
    "sent": Receipt.SENT,
    "delivered": Receipt.DELIVERED,
    "read": Receipt.READ,
    "played": Receipt.READ,
    "failed": Receipt.FAILED,
}

_STOPPING: Final = frozenset({"RESTRICTED_BIZ_INITIATED_MESSAGING"})


class UnreadableItem(Exception):
    """Lacks what every item of its kind has."""


def read(item: Item, received_at: datetime) -> Event | None:
    """Returns None for news that nobody here needs. Raises UnreadableItem.

    An instant after `received_at` becomes that: nobody has written yet what arrives now.
    """
    if item.kind in ("entry", "change", "list") or not isinstance(item.raw, dict):
        raise UnreadableItem(f"this {item.kind} has not the shape that WhatsApp's documents give it")
    reader = _READERS.get(item.kind)
    return None if reader is None else reader(item, item.raw, received_at)


def _status(item: Item, status: Mapping[str, Any], received_at: datetime) -> StatusEvent | None:
    receipt = _RECEIPTS.get(str(status.get("status")))
    if receipt is None and isinstance(status.get("status"), str):
        return None  # a state that came after this was written
    at = _instant(status, received_at)
    if receipt is None:
        raise UnreadableItem("the status does not say which")
    error = next(_objects(status.get("errors")), None) if receipt is Receipt.FAILED else None
    refused = None if error is None else refusal(dict(error))
    reference = status.get("biz_opaque_callback_data")
    return StatusEvent(
        number_id=_number(item),
        message_id=_id(status),
        receipt=receipt,
        at=at,
        reference=reference if isinstance(reference, str) else None,
        error_code=None if refused is None else refused.code,
        reason=None if refused is None else refused.reason,
        answer=None if refused is None else refused.answer,
        recipient=_recipient(status),
    )


def _recipient(status: Mapping[str, Any]) -> Sender | None:
    """Returns None unless both ids are known."""
    wa_id, user_id = _wa_id(status.get("recipient_id")), text_of(status.get("recipient_user_id"))
    return Sender(wa_id, user_id) if wa_id and user_id else None


def _inbound(item: Item, message: Mapping[str, Any], received_at: datetime) -> InboundEvent:
    content = content_of(message)
    return InboundEvent(
        number_id=_number(item),
        message_id=_id(message),
        sender=_sender(item, _wa_id(message.get("from")), text_of(message.get("from_user_id"))),
        at=_instant(message, received_at),
        kind=content.kind,
        text=content.text,
        payload=content.payload,
        answers=content.answers,
        details=content.details,
        new_wa_id=content.new_wa_id,
    )


def _preference(item: Item, given: Mapping[str, Any], received_at: datetime) -> PreferenceEvent | None:
    value = given.get("value")
    if value not in ("stop", "resume"):
        if isinstance(value, str):
            return None
        raise UnreadableItem("the preference does not say which")
    sender = _sender(item, _wa_id(given.get("wa_id")), text_of(given.get("user_id")))
    return PreferenceEvent(_number(item), sender, value == "stop", _instant(given, received_at))


def _template(item: Item, value: Mapping[str, Any], _: datetime) -> TemplateEvent:
    name, language = text_of(value.get("message_template_name")), text_of(value.get("message_template_language"))
    event, reason = text_of(value.get("event")), text_of(value.get("reason"))
    if name is None or language is None or event is None:
        raise UnreadableItem("the news of a template lacks its name, its language or the event")
    return TemplateEvent(item.account_id, name, language.replace("-", "_"), event.upper(), reason)


def _account(item: Item, value: Mapping[str, Any], _: datetime) -> AccountEvent:
    kind, ban = str(value.get("event", "")), value.get("ban_info")
    banned = isinstance(ban, dict) and ban.get("waba_ban_state") == "DISABLE"
    restricted = any(
        text_of(one.get("restriction_type")) in _STOPPING for one in _objects(value.get("restriction_info"))
    )
    stop = banned or restricted or kind in ("ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED")
    return AccountEvent(
        item.account_id, kind, stop, f"WhatsApp says {kind[:100]} of the business account." if stop else None
    )


def _of_number(item: Item, value: Mapping[str, Any], _: datetime) -> AccountEvent:
    return AccountEvent(item.account_id, str(value.get("event", "")))


_READERS: Final[Mapping[str, Callable[[Item, Mapping[str, Any], datetime], Event | None]]] = {
    "statuses": _status,
    "messages": _inbound,
    "user_preferences": _preference,
    "message_template_status_update": _template,
    "account_update": _account,
    "phone_number_quality_update": _of_number,
    "business_capability_update": _of_number,
}


# ---------------------------------------------------------------- parts


def _number(item: Item) -> str:
    if item.number_id is None:
        raise UnreadableItem("the change does not say of which phone number it is")
    return item.number_id


def _id(raw: Mapping[str, Any]) -> str:
    found = text_of(raw.get("id"))
    if found is None:
        raise UnreadableItem("it has no id")
    return found


def _instant(raw: Mapping[str, Any], received_at: datetime) -> datetime:
    """Reads seconds since 1970: text in messages, a number in preferences."""
    value = raw.get("timestamp")
    try:
        if not isinstance(value, str | int):
            raise TypeError
        return min(datetime.fromtimestamp(int(value), UTC), received_at)
    except (TypeError, ValueError, OverflowError, OSError):
        raise UnreadableItem("its timestamp is no number of seconds since 1970") from None


def _sender(item: Item, wa_id: str | None, user_id: str | None) -> Sender:
    """Looks into the change's `contacts` for what the item itself does not say."""
    if wa_id is None and user_id is None:
        raise UnreadableItem("it does not say of which person it is")
    for contact in _objects(item.value.get("contacts")):
        theirs = _wa_id(contact.get("wa_id")), text_of(contact.get("user_id"))
        if (wa_id is not None and wa_id == theirs[0]) or (user_id is not None and user_id == theirs[1]):
            profile = contact.get("profile")
            name = text_of(profile.get("name")) if isinstance(profile, dict) else None
            return Sender(wa_id or theirs[0], user_id or theirs[1], name)
    return Sender(wa_id, user_id)


def _wa_id(value: Any) -> str | None:
    return value if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20 else None


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
