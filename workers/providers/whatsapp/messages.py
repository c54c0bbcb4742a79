"""Builds the body of a template message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import orjson

from models.messaging.placeholders import Placeholder

_URL_SAFE: Final = "/?&=#%+:;,@!$'()*[]~-._"
"""Kept in a link's suffix; `%` prevents double encoding."""


@dataclass(frozen=True, slots=True)
class Template:
    name: str
    language: str
    placeholders: tuple[Placeholder, ...]


def template_message(template: Template, to: str, values: Sequence[str | None], reference: str) -> bytes:
    """JSON for `to` (E.164 with plus). `values` in order of placeholders; None omits an optional one. Statuses repeat
    `reference`."""
    return orjson.dumps(
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to,
            "type": "template",
            "template": {
                "name": template.name,
                "language": {"code": template.language},
                "components": _components(template.placeholders, values),
            },
            "biz_opaque_callback_data": reference,
        }
    )


def _components(placeholders: Sequence[Placeholder], values: Sequence[str | None]) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = []
    by_place: dict[str, dict[str, Any]] = {}
    for placeholder, value in zip(placeholders, values, strict=True):
        if value is None:
            continue
        if placeholder.place == "button":
            components.append(_button(placeholder, value))
            continue
        if placeholder.place not in by_place:
            by_place[placeholder.place] = {"type": placeholder.place, "parameters": []}
            components.append(by_place[placeholder.place])
        by_place[placeholder.place]["parameters"].append(_parameter(placeholder, value))
    return components


def _parameter(placeholder: Placeholder, value: str) -> dict[str, Any]:
    if placeholder.kind == "text":
        named = {"parameter_name": placeholder.own_name} if placeholder.named else {}
        return {"type": "text", **named, "text": value}
    return {"type": placeholder.kind, placeholder.kind: _media(value)}


def _media(value: str) -> dict[str, str]:
    """Anything but a link is the id of uploaded media."""
    return {"link": value} if value.startswith(("https://", "http://")) else {"id": value}


def _button(placeholder: Placeholder, value: str) -> dict[str, Any]:
    parameter = {
        "url": {"type": "text", "text": quote(value, safe=_URL_SAFE)},
        "payload": {"type": "payload", "payload": value},
        "code": {"type": "coupon_code", "coupon_code": value},
    }[placeholder.kind]
    sub_type = {"url": "url", "payload": "quick_reply", "code": "copy_code"}[placeholder.kind]
    return {"type": "button", "sub_type": sub_type, "index": str(placeholder.index), "parameters": [parameter]}
