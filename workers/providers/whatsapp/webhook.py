"""Webhooks of the Cloud API, and the items that they consist of.

The HMAC signature over the raw bytes is checked first, in constant time.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from models.values.texts import storable

SIGNATURE_HEADER: Final = "x-hub-signature-256"


class UnreadableWebhook(Exception):
    """Not of a WhatsApp business account."""


def signature(secret: str, body: bytes) -> str:
    """Returns the header's value."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(secret: str, body: bytes, header: str | None) -> bool:
    return header is not None and hmac.compare_digest(signature(secret, body).encode(), header.encode())


# ---------------------------------------------------------------- reading


def load(body: bytes) -> dict[str, Any]:
    """Returns the webhook with texts that PostgreSQL can hold. Raises UnreadableWebhook."""
    envelope = _json(body)
    if not isinstance(envelope, dict) or not isinstance(envelope.get("entry"), list):
        raise UnreadableWebhook("no list of entries")
    return envelope


def _json(body: bytes) -> Any:
    if rb"\u0000" not in body:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    cleaned = _ESCAPES.sub(_storable, body.decode("utf-8", "replace").encode())
    try:
        return orjson.loads(cleaned)
    except orjson.JSONDecodeError:
        pass
    try:  # this reader also takes control characters in texts, and numbers of any length
        return storable(json.loads(cleaned, strict=False, parse_int=_whole))
    except (ValueError, RecursionError):
        raise UnreadableWebhook("not JSON") from None


_ESCAPES: Final = re.compile(
    rb"\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000))|\\."
)
"""Escapes in JSON. Those that PostgreSQL cannot hold are the group: U+0000, and a surrogate without its other half."""


def _storable(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 30 else float(digits)


def senders(envelope: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the ids of phone numbers, and of business accounts."""
    numbers, accounts = set(), set()
    for entry in _objects(envelope["entry"]):
        accounts.add(str(entry.get("id", "")))
        for change in _objects(entry.get("changes")):
            if number := _number_id(change.get("value")):
                numbers.add(number)
    return frozenset(numbers), frozenset(accounts)


def _number_id(value: Any) -> str | None:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    found = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
    return str(found) if found else None


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


_IDS: Final = re.compile(rb'"(?:id|phone_number_id)"\s*:\s*"?([0-9]{1,40})\b')
MOST_IDS: Final = 20


def possible_senders(body: bytes) -> frozenset[str]:
    """Returns what may be ids of numbers and accounts in a body that is no JSON: the first few numbers called an id."""
    found: dict[str, None] = {}
    for match in _IDS.finditer(body):
        found[match[1].decode()] = None
        if len(found) == MOST_IDS:
            break
    return frozenset(found)


# ---------------------------------------------------------------- items


@dataclass(frozen=True, slots=True)
class Item:
    """One message, status or preference of a webhook, or one change of another kind.

    `kind`: the list that it stands in, such as messages, or the field of the change; `entry`, `change` or `list` when these have
    no shape. `value` is the change's, `number_id` the phone number that it is about, and `raw` the item itself.
    """

    kind: str
    raw: Any
    account_id: str = ""
    field_name: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)
    list_name: str | None = None
    number_id: str | None = None

    def alone(self) -> bytes:
        """Returns a webhook that holds this item and no other."""
        envelope = {"object": "whatsapp_business_account", "entry": [self._entry()]}
        try:
            return json.dumps(envelope).encode()
        except RecursionError:
            return b'"This item is nested too deeply to be kept."'

    def _entry(self) -> Any:
        if self.kind == "entry":
            return self.raw
        return {"id": self.account_id, "changes": [self.raw if self.kind == "change" else self._change()]}

    def _change(self) -> dict[str, Any]:
        if self.list_name is None:
            return {"field": self.field_name, "value": self.raw}
        rest = {name: held for name, held in self.value.items() if name not in LISTS[self.field_name]}
        return {
            "field": self.field_name,
            "value": {**rest, self.list_name: self.raw if self.kind == "list" else [self.raw]},
        }


LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "messages": ("statuses", "messages"),
    "user_preferences": ("user_preferences",),
}
"""Fields whose changes hold several items, in these lists."""


def items(envelope: Mapping[str, Any]) -> Iterator[Item]:
    """Yields the items of a webhook in their order, those without a shape included."""
    for entry in envelope["entry"]:
        if not isinstance(entry, dict):
            yield Item("entry", entry)
            continue
        account_id, changes = str(entry.get("id", "")), entry.get("changes", [])
        if not isinstance(changes, list):
            yield Item("entry", entry, account_id)
            continue
        for change in changes:
            yield from _items_of(account_id, change)


def _items_of(account_id: str, change: Any) -> Iterator[Item]:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(value, dict):
        yield Item("change", change, account_id)
        return
    name = str(change.get("field", ""))
    if name not in LISTS:
        yield Item(name, value, account_id, name, value)
        return
    number_id = _number_id(value)
    for list_name in LISTS[name]:
        held = value.get(list_name, [])
        if isinstance(held, list):
            for raw in held:
                yield Item(list_name, raw, account_id, name, value, list_name, number_id)
        else:
            yield Item("list", held, account_id, name, value, list_name, number_id)
