"""What an inbound message holds, by its type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LONGEST: Final = 4096
"""Characters of a text."""

MOST: Final = 50
"""Entries of a list."""


@dataclass(frozen=True, slots=True)
class Content:
    """`answers`: the id of the message that it is about. `details` hold texts, numbers and lists of them."""

    kind: str
    text: str | None = None
    payload: str | None = None
    answers: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    new_wa_id: str | None = None


def content_of(message: Mapping[str, Any]) -> Content:
    """Reads what the documents name, and leaves out what has another shape."""
    kind = text_of(message.get("type")) or "unknown"
    context = _object(message, "context")
    referral = _given(referralId=text_of(_object(message, "referral").get("source_id")))
    found = _READERS.get(kind, _media)(kind, message)
    answers = found.answers or text_of(context.get("id"))
    return Content(found.kind, found.text, found.payload, answers, {**referral, **found.details}, found.new_wa_id)


def text_of(value: Any) -> str | None:
    """Returns None for what is no text, and for the empty text."""
    return value[:LONGEST] if isinstance(value, str) and value else None


# ---------------------------------------------------------------- what people say


def _text(kind: str, message: Mapping[str, Any]) -> Content:
    return Content(kind, text_of(_object(message, kind).get("body")))


def _button(kind: str, message: Mapping[str, Any]) -> Content:
    button = _object(message, kind)
    return Content(kind, text_of(button.get("text")), text_of(button.get("payload")))


def _interactive(kind: str, message: Mapping[str, Any]) -> Content:
    interactive = _object(message, kind)
    form = text_of(interactive.get("type"))
    reply = _object(interactive, form or "")
    details = _given(
        reply=form, description=text_of(reply.get("description")), form=text_of(reply.get("response_json"))
    )
    text = text_of(reply.get("title")) or text_of(reply.get("body")) or text_of(reply.get("response"))
    return Content(kind, text, text_of(reply.get("id")), details=details)


def _media(kind: str, message: Mapping[str, Any]) -> Content:
    body = _object(message, kind)
    details = _given(
        mediaId=text_of(body.get("id")), mimeType=text_of(body.get("mime_type")), filename=text_of(body.get("filename"))
    )
    return Content(kind, text_of(body.get("caption")), details=details)


def _location(kind: str, message: Mapping[str, Any]) -> Content:
    body = _object(message, kind)
    details = _given(
        latitude=_number(body.get("latitude")),
        longitude=_number(body.get("longitude")),
        name=text_of(body.get("name")),
        address=text_of(body.get("address")),
    )
    return Content(kind, details=details)


def _contacts(kind: str, message: Mapping[str, Any]) -> Content:
    cards = _objects(message.get(kind))
    names = [text_of(_object(card, "name").get("formatted_name")) for card in cards]
    phones = [text_of(phone.get("phone")) for card in cards for phone in _objects(card.get("phones"))]
    return Content(kind, details=_given(names=_listed(names), phones=_listed(phones)))


def _order(kind: str, message: Mapping[str, Any]) -> Content:
    order = _object(message, kind)
    products = _objects(order.get("product_items"))
    amounts = [(_number(one.get("quantity")), _number(one.get("item_price"))) for one in products]
    known = [(quantity, price) for quantity, price in amounts if quantity is not None and price is not None]
    details = _given(
        catalogId=text_of(order.get("catalog_id")),
        items=_listed([text_of(one.get("product_retailer_id")) for one in products]),
        quantity=sum(quantity for quantity, _ in known) if known else None,
        total=round(sum(quantity * price for quantity, price in known), 2) if known else None,
        currency=next((text_of(one.get("currency")) for one in products), None),
    )
    return Content(kind, text_of(order.get("text")), details=details)


# ---------------------------------------------------------------- what people do to messages


def _reaction(kind: str, message: Mapping[str, Any]) -> Content:
    reaction = _object(message, kind)
    about = text_of(reaction.get("message_id"))
    return Content(kind, answers=about, details=_given(emoji=text_of(reaction.get("emoji")), messageId=about))


def _edit(kind: str, message: Mapping[str, Any]) -> Content:
    edit = _object(message, kind)
    about, new = text_of(edit.get("original_message_id")), _object(edit, "message")
    said = content_of({**new, "type": text_of(new.get("type")) or "text"})
    return Content(kind, said.text, said.payload, details={**said.details, **_given(messageId=about)})


def _revoke(kind: str, message: Mapping[str, Any]) -> Content:
    return Content(kind, details=_given(messageId=text_of(_object(message, kind).get("original_message_id"))))


# ---------------------------------------------------------------- what WhatsApp says


def _system(_: str, message: Mapping[str, Any]) -> Content:
    system = _object(message, "system")
    news = text_of(system.get("type")) or "system"
    new_wa_id = None
    if news == "user_changed_number":
        named = text_of(system.get("new_wa_id")) or text_of(system.get("wa_id"))
        new_wa_id = named if named and named.isascii() and named.isdigit() and named != message.get("from") else None
    return Content("system", details=_given(news=news, said=text_of(system.get("body"))), new_wa_id=new_wa_id)


def _unsupported(kind: str, message: Mapping[str, Any]) -> Content:
    error = next(iter(_objects(message.get("errors"))), {})
    code, said = error.get("code"), _object(error, "error_data").get("details") or error.get("title")
    details = _given(errorCode=code if isinstance(code, int) and abs(code) < 2**53 else None, reason=text_of(said))
    return Content(kind, details=details)


_READERS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Content]]] = {
    "text": _text,
    "button": _button,
    "interactive": _interactive,
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "system": _system,
    "unsupported": _unsupported,
    "unknown": _unsupported,
}


# ---------------------------------------------------------------- parts


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value[:MOST] if isinstance(one, dict)] if isinstance(value, list) else []


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 2**53 else None  # a number that is none compares as false


def _listed(values: list[str | None]) -> list[str] | None:
    return [value for value in values if value is not None][:MOST] or None


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
