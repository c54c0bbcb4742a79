"""Activities of contacts for what arrives from them.

| kind | what happened |
|---|---|
| message.received | the person wrote, pressed a button, or sent media, a place, contacts or an order |
| message.reacted | the person put an emoji to a message, or took it away (then without `emoji`) |
| message.edited, message.revoked | the person changed or took back a message |
| message.unsupported | WhatsApp cannot say what the person sent |
| contact.number_changed | WhatsApp says that the person has another number now |
| message.system | other news of WhatsApp about the person |
"""

from collections.abc import Mapping
from typing import Any, Final

from models.messaging import history
from models.messaging.history import MessageActivity
from models.messaging.provider_events import InboundEvent

LONGEST_TEXT: Final = 1000
LONGEST_LIST: Final = 50

_KINDS: Final[Mapping[str, str]] = {
    "reaction": "message.reacted",
    "edit": "message.edited",
    "revoke": "message.revoked",
    "unsupported": "message.unsupported",
    "unknown": "message.unsupported",
    "system": "message.system",
}


def kind_of(event: InboundEvent) -> str:
    if event.new_wa_id is not None:
        return "contact.number_changed"
    return _KINDS.get(event.kind, history.RECEIVED)


def is_said(event: InboundEvent) -> bool:
    """Whether it is the person's own word, and so an interaction. What WhatsApp reports is none, nor is what was taken back."""
    if event.kind == "reaction":
        return "emoji" in event.details
    return event.kind == "edit" or kind_of(event) == history.RECEIVED


def activity_of(contact_id: int, event: InboundEvent, answered: Mapping[str, Mapping[str, str]]) -> MessageActivity:
    """`answered`: what sent our messages, by the provider's ids."""
    properties: dict[str, Any] = {"type": event.kind, **{name: _short(held) for name, held in event.details.items()}}
    if event.text:
        properties["text"] = _short(event.text)
    if event.payload:
        properties["payload"] = _short(event.payload)
    if event.new_wa_id:
        properties["number"] = f"+{event.new_wa_id}"
    if event.answers and event.answers in answered:
        properties |= answered[event.answers]
    return MessageActivity(contact_id, kind_of(event), event.at, f"whatsapp:{event.message_id}"[:200], properties)


def _short(held: Any) -> Any:
    if isinstance(held, str):
        return held[:LONGEST_TEXT]
    return [_short(one) for one in held[:LONGEST_LIST]] if isinstance(held, list) else held
