"""Webhooks of the Cloud API. The HMAC signature over the raw bytes is checked first, in constant time."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from models.messaging.provider_events import (
    AccountEvent,
    Event,
    InboundEvent,
    PreferenceEvent,
    Receipt,
    StatusEvent,
    TemplateEvent,
)
from workers.providers.whatsapp.errors import refusal

SIGNATURE_HEADER: Final = "x-hub-signature-256"

_RECEIPTS: Final = {
    "sent": Receipt.SENT,
    "delivered": Receipt.DELIVERED,
    "read": Receipt.READ,
    "played": Receipt.READ,
    "failed": Receipt.FAILED,
}

_STOPPING: Final = frozenset({"RESTRICTED_BIZ_INITIATED_MESSAGING"})


class UnreadableWebhook(Exception):
    """The body is no webhook of a WhatsApp business account."""


def signature(secret: str, body: bytes) -> str:
    """Returns the value of the signature header for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(secret: str, body: bytes, header: str | None) -> bool:
    return header is not None and hmac.compare_digest(signature(secret, body).encode(), header.encode())


def load(body: bytes) -> dict[str, Any]:
    """Raises UnreadableWebhook when the body is not JSON with a list of entries."""
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreadableWebhook("not JSON") from None
    if not isinstance(envelope, dict) or not isinstance(envelope.get("entry"), list):
        raise UnreadableWebhook("no list of entries")
    return envelope


def senders(envelope: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Ids of phone numbers, and of business accounts."""
    numbers, accounts = set(), set()
    for account_id, _, value in _changes(envelope):
        accounts.add(account_id)
        if number := _number_id(value):
            numbers.add(number)
    return frozenset(numbers), frozenset(accounts)


def parse(envelope: Mapping[str, Any]) -> list[Event]:
    """Returns the events in order, without unknown or odd ones."""
    return [event for change in _changes(envelope) for event in _events(*change)]


def _changes(envelope: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for entry in _objects(envelope.get("entry")):
        for change in _objects(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, Mapping):
                yield str(entry.get("id", "")), str(change.get("field", "")), value


def _events(account_id: str, field: str, value: Mapping[str, Any]) -> Iterator[Event]:
    read = _READERS.get(field)
    if read is None:
        return
    for event in read(account_id, value):
        if event is not None:
            yield event


def _of_messages(_: str, value: Mapping[str, Any]) -> Iterator[Event | None]:
    number_id = _number_id(value)
    if number_id is None:
        return
    for status in _objects(value.get("statuses")):
        yield _status(number_id, status)
    for message in _objects(value.get("messages")):
        yield _inbound(number_id, message)


def _status(number_id: str, status: Mapping[str, Any]) -> StatusEvent | None:
    receipt, at = _RECEIPTS.get(str(status.get("status"))), _instant(status.get("timestamp"))
    if receipt is None or at is None or not status.get("id"):
        return None
    error = next(iter(_objects(status.get("errors"))), None) if receipt is Receipt.FAILED else None
    refused = None if error is None else refusal(dict(error))
    reference = status.get("biz_opaque_callback_data")
    return StatusEvent(
        number_id=number_id,
        message_id=str(status["id"]),
        receipt=receipt,
        at=at,
        reference=reference if isinstance(reference, str) else None,
        error_code=None if refused is None else refused.code,
        reason=None if refused is None else refused.reason,
        answer=None if refused is None else refused.answer,
    )


def _inbound(number_id: str, message: Mapping[str, Any]) -> InboundEvent | None:
    at, sender = _instant(message.get("timestamp")), message.get("from")
    if at is None or not message.get("id"):
        return None
    kind = str(message.get("type", "unknown"))
    text, payload = _text_and_payload(kind, message)
    context = message.get("context")
    return InboundEvent(
        number_id=number_id,
        message_id=str(message["id"]),
        wa_id=sender if isinstance(sender, str) and sender.isdigit() else None,
        at=at,
        kind=kind,
        text=text,
        payload=payload,
        answers=str(context["id"]) if isinstance(context, Mapping) and context.get("id") else None,
    )


def _text_and_payload(kind: str, message: Mapping[str, Any]) -> tuple[str | None, str | None]:
    body = message.get(kind)
    if not isinstance(body, Mapping):
        return None, None
    if kind == "text":
        return _text(body.get("body")), None
    if kind == "button":
        return _text(body.get("text")), _text(body.get("payload"))
    if kind == "interactive":
        reply = body.get(str(body.get("type")))
        return (_text(reply.get("title")), _text(reply.get("id"))) if isinstance(reply, Mapping) else (None, None)
    return _text(body.get("caption")), None


def _of_preferences(_: str, value: Mapping[str, Any]) -> Iterator[Event | None]:
    number_id = _number_id(value)
    for wish in _objects(value.get("user_preferences")):
        at, wa_id = _instant(wish.get("timestamp")), wish.get("wa_id")
        if number_id and at and isinstance(wa_id, str) and wish.get("value") in ("stop", "resume"):
            yield PreferenceEvent(number_id, wa_id, wish["value"] == "stop", at)


def _of_template(account_id: str, value: Mapping[str, Any]) -> Iterator[Event | None]:
    name, language = value.get("message_template_name"), value.get("message_template_language")
    if isinstance(name, str) and isinstance(language, str) and value.get("event"):
        reason = value.get("reason")
        yield TemplateEvent(
            account_id, name, language.replace("-", "_"), str(value["event"]).upper(), str(reason) if reason else None
        )


def _of_account(account_id: str, value: Mapping[str, Any]) -> Iterator[Event | None]:
    kind = str(value.get("event", ""))
    ban = value.get("ban_info")
    banned = isinstance(ban, Mapping) and ban.get("waba_ban_state") == "DISABLE"
    restricted = any(r.get("restriction_type") in _STOPPING for r in _objects(value.get("restriction_info")))
    stop = banned or restricted or kind in ("ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED")
    yield AccountEvent(account_id, kind, stop, f"WhatsApp says {kind} of the business account." if stop else None)


def _of_number(account_id: str, value: Mapping[str, Any]) -> Iterator[Event | None]:
    yield AccountEvent(account_id, str(value.get("event", "")))


_READERS: Final = {
    "messages": _of_messages,
    "user_preferences": _of_preferences,
    "message_template_status_update": _of_template,
    "account_update": _of_account,
    "phone_number_quality_update": _of_number,
    "business_capability_update": _of_number,
}


def _number_id(value: Mapping[str, Any]) -> str | None:
    metadata = value.get("metadata")
    found = metadata.get("phone_number_id") if isinstance(metadata, Mapping) else None
    return str(found) if found else None


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def _instant(value: Any) -> datetime | None:
    """Seconds since 1970: text in messages, a number in preferences."""
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _text(value: Any) -> str | None:
    return value[:4096] if isinstance(value, str) and value else None
