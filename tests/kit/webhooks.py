"""Webhooks as Meta's documents allow them, and ways to spoil an item of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson

from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID

METADATA = {"display_phone_number": "15550783881", "phone_number_id": NUMBER_ID}


def envelope(*changes: tuple[str, Mapping[str, Any]], account_id: str = BUSINESS_ACCOUNT_ID) -> dict[str, Any]:
    """A webhook with one entry: changes as (field, value)."""
    listed = [{"field": field, "value": dict(value)} for field, value in changes]
    return {"object": "whatsapp_business_account", "entry": [{"id": account_id, "changes": listed}]}


def of_number(**value: Any) -> dict[str, Any]:
    """The value of a change that is about the sandbox's number."""
    return {"messaging_product": "whatsapp", "metadata": METADATA, **value}


def body(*changes: tuple[str, Mapping[str, Any]]) -> bytes:
    return orjson.dumps(envelope(*changes))


def seconds() -> str:
    """The present time as messages write it."""
    return str(int(datetime.now(UTC).timestamp()))


def message(wa_id: str | None, message_id: str, kind: str, content: Any, **more: Any) -> dict[str, Any]:
    """An inbound message; `content` is the object of its type."""
    sender = {} if wa_id is None else {"from": wa_id}
    return {**sender, "id": message_id, "timestamp": seconds(), "type": kind, kind: content, **more}


def text(wa_id: str | None, said: str, message_id: str = "wamid.text", **more: Any) -> dict[str, Any]:
    return message(wa_id, message_id, "text", {"body": said}, **more)


def status(message_id: int, name: str, **more: Any) -> dict[str, Any]:
    """A status of our message with this id of the ledger."""
    return {
        "id": f"wamid.{message_id}",
        "status": name,
        "timestamp": seconds(),
        "recipient_id": "34600000000",
        "biz_opaque_callback_data": f"muster:{message_id}",
        **more,
    }


def preference(wa_id: str, stop: bool = True, **more: Any) -> dict[str, Any]:
    value = "stop" if stop else "resume"
    return {"wa_id": wa_id, "value": value, "timestamp": int(seconds()), "category": "marketing_messages", **more}


def system(wa_id: str, new_wa_id: str, message_id: str = "wamid.system") -> dict[str, Any]:
    """The news that a person has another number."""
    news = {"body": "User A changed to B", "new_wa_id": new_wa_id, "type": "user_changed_number"}
    return message(wa_id, message_id, "system", news)


# ---------------------------------------------------------------- spoiling


@dataclass(frozen=True)
class Placed:
    """An item, and the field and the list of a webhook that it belongs into; list None: it is the change's value itself."""

    field: str
    list_name: str | None
    item: Any


def together(placed: Sequence[Placed], random: Random) -> dict[str, Any]:
    """One webhook with all of them: in one change or several, in one entry or several."""
    entries: list[dict[str, Any]] = [{"id": BUSINESS_ACCOUNT_ID, "changes": []}]
    for one in placed:
        if random.random() < 0.2:
            entries.append({"id": BUSINESS_ACCOUNT_ID, "changes": []})
        changes = entries[-1]["changes"]
        last = changes[-1] if changes else None
        if one.list_name is None:
            changes.append({"field": one.field, "value": one.item})
        elif last is not None and last["field"] == one.field and random.random() < 0.7:
            last["value"].setdefault(one.list_name, []).append(one.item)
        else:
            changes.append({"field": one.field, "value": of_number(**{one.list_name: [one.item]})})
    return {"object": "whatsapp_business_account", "entry": entries}


def spoiled(item: Any, random: Random) -> Any:
    """The item with one part, at any depth, that nobody expects."""
    parts = list(_parts(item))
    if not parts or random.random() < 0.1:
        return random.choice(_ODD)(random)
    holder, key = random.choice(parts)
    copy = orjson.loads(orjson.dumps(item))
    within = copy
    for step in holder:
        within = within[step]
    if random.random() < 0.3:
        del within[key]
    else:
        within[key] = random.choice(_ODD)(random)
    return copy


def _parts(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """Each part of a JSON value, as (path of what holds it, its key)."""
    held = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    for key, one in held:
        yield path, key
        yield from _parts(one, (*path, key))


_ODD: list[Callable[[Random], Any]] = [
    lambda _: None,
    lambda _: True,
    lambda _: "",
    lambda _: "x\x00y",
    lambda _: "\ud83d",
    lambda _: "STOP\x00",
    lambda random: "w" * random.choice([300, 3000, 70_000]),
    lambda random: random.choice([-1, 0, 2**31, 2**63, 10**30, -(10**18), 1.5, 1e300]),
    lambda random: random.choice(["-5", "99999999999999999999", "1e9", "0", "²", "٣"]),
    lambda _: [],
    lambda _: {},
    lambda _: [None, [], {"a": "\x00"}],
    lambda _: {"type": "text", "text": {"body": 5}, "id": {"id": "\x00"}},
    lambda random: _nested(random.choice([5, 60, 300])),
]


def _nested(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value] if levels % 2 else {"a": value}
    return value
