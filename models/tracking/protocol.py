"""Reads calls of Segment's public tracking protocol. Pure.

The shapes are those of https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ and of what the libraries
send: one call, or `batch` with many.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from models.errors import Invalid
from models.tracking import kinds
from models.tracking.rejections import Rejection, RejectionCode
from models.values.instants import find_instant
from models.values.texts import check_object

MOST_EVENTS: Final = 1_000
"""Of one request."""

MOST_PROPERTY_BYTES: Final = 16_384

LONGEST_ID: Final = 200
"""Characters, of a user id, an anonymous id or a message id."""


class CallType(StrEnum):
    IDENTIFY = "identify"
    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    ALIAS = "alias"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Call:
    """Who (`user_id` or `anonymous_id`, or both), and what: an activity of `kind` with `properties` (JSON text), or `traits`."""

    type: CallType
    user_id: str | None
    anonymous_id: str | None
    occurred_at: datetime
    message_id: str | None
    name: str
    kind: str | None = None
    properties: str = "{}"
    traits: Mapping[str, Any] = field(default_factory=dict)
    previous_id: str | None = None

    @property
    def is_activity(self) -> bool:
        return self.kind is not None

    def of(self, user_id: str | None, anonymous_id: str | None) -> "Call":
        """The same call of somebody else."""
        return replace(self, user_id=user_id, anonymous_id=anonymous_id)


class Refused(Exception):
    """The call is not recorded; others are."""

    def __init__(self, code: RejectionCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def read(body: Mapping[str, Any], call: CallType | None, now: datetime) -> tuple[list[Call], list[Rejection]]:
    """Reads a body: the `call` of the address, or all of `batch` (None). Returns the good ones in order, and the others."""
    raw = body.get("batch") if call is None else [body]
    calls: list[Call] = []
    rejected: list[Rejection] = []
    if not isinstance(raw, list):
        return [], [Rejection(RejectionCode.UNREADABLE, "`batch` must be a list of calls.", "batch")]
    sent_at = find_instant(body.get("sentAt"))
    for one in _each_within_limit(raw, rejected):
        try:
            calls.append(_call(one, call, sent_at, now))
        except Refused as refused:
            rejected.append(Rejection(refused.code, refused.message, _title(one, call)))
    return calls, rejected


def _each_within_limit(raw: Sequence[Any], rejected: list[Rejection]) -> Iterator[Any]:
    yield from raw[:MOST_EVENTS]
    too_many = Rejection(RejectionCode.TOO_LARGE, f"A request may have {MOST_EVENTS:,} calls.", "batch")
    rejected.extend([too_many] * len(raw[MOST_EVENTS:]))


def _title(raw: Any, call: CallType | None) -> str:
    if not isinstance(raw, dict):
        return "batch"
    names = [call.value if call else raw.get("type"), raw.get("event")]
    return " ".join(name for name in names if isinstance(name, str))[:200]


def _call(raw: Any, call: CallType | None, sent_at: datetime | None, now: datetime) -> Call:
    if not isinstance(raw, dict):
        raise Refused(RejectionCode.NO_OBJECT, "A call must be an object.")
    kind = call or _type(raw.get("type"))
    user_id, anonymous_id = _id(raw, "userId"), _id(raw, "anonymousId")
    if user_id is None and anonymous_id is None:
        raise Refused(RejectionCode.NOBODY, "A call needs `userId` or `anonymousId`.")
    moment = _occurred_at(raw, sent_at or find_instant(raw.get("sentAt")), now)
    made = Call(kind, user_id, anonymous_id, moment, _message_id(raw), kind.value)
    return _with_content(made, raw)


def _with_content(call: Call, raw: Mapping[str, Any]) -> Call:
    def activity(kind: str, name: str, given: Mapping[str, Any]) -> Call:
        properties = _json(kinds.properties_of(kind, given))
        return Call(
            call.type, call.user_id, call.anonymous_id, call.occurred_at, call.message_id, name, kind, properties
        )

    match call.type:
        case CallType.TRACK:
            event = raw.get("event")
            kind = kinds.kind_of(event) if isinstance(event, str) else None
            if kind is None:
                raise Refused(RejectionCode.NO_EVENT, "`event` must be a name with letters or digits.")
            return activity(kind, str(event), _object(raw, "properties"))
        case CallType.PAGE | CallType.SCREEN:
            named = {key: raw[key] for key in ("name", "category") if isinstance(raw.get(key), str)}
            page = raw.get("context", {}).get("page") if isinstance(raw.get("context"), dict) else None
            seen = {key: page[key] for key in _PAGE if key in page} if isinstance(page, dict) else {}
            kind = kinds.PAGE if call.type is CallType.PAGE else kinds.SCREEN
            return activity(kind, call.type.value, {**seen, **named, **_object(raw, "properties")})
        case CallType.GROUP:
            group = {"groupId": _required_id(raw, "groupId"), "traits": _object(raw, "traits")}
            return activity(kinds.GROUP, "group", group)
        case CallType.ALIAS:
            previous = _required_id(raw, "previousId")
            return Call(call.type, call.user_id, None, call.occurred_at, call.message_id, "alias", previous_id=previous)
        case CallType.IDENTIFY:
            traits = {**_traits_of_context(raw), **_object(raw, "traits")}
            return Call(
                call.type, call.user_id, call.anonymous_id, call.occurred_at, call.message_id, "identify", traits=traits
            )


_PAGE: Final = ("path", "referrer", "search", "title", "url")


def _traits_of_context(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    context = raw.get("context")
    traits = context.get("traits") if isinstance(context, dict) else None
    return traits if isinstance(traits, dict) else {}


def _type(value: Any) -> CallType:
    try:
        return CallType(value)
    except ValueError:
        raise Refused(RejectionCode.UNKNOWN_TYPE, f"`type` must be one of {', '.join(CallType)}.") from None


def _id(raw: Mapping[str, Any], name: str) -> str | None:
    """Libraries send numbers, too. Blank is nothing."""
    value = raw.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str) or len(value) > LONGEST_ID or "\x00" in value:
        raise Refused(RejectionCode.NOBODY, f"`{name}` must be text of at most {LONGEST_ID} characters.")
    return value.strip()


def _required_id(raw: Mapping[str, Any], name: str) -> str:
    value = _id(raw, name)
    if value is None:
        raise Refused(RejectionCode.NOBODY, f"This call needs `{name}`.")
    return value


def _message_id(raw: Mapping[str, Any]) -> str | None:
    value = raw.get("messageId")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > LONGEST_ID or "\x00" in value:
        raise Refused(RejectionCode.BAD_MESSAGE_ID, f"`messageId` must be text of at most {LONGEST_ID} characters.")
    return value.strip() or None


def _object(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(RejectionCode.BAD_PROPERTIES, f"`{name}` must be an object.")
    return value


def _json(properties: Mapping[str, Any]) -> str:
    try:
        return check_object(dict(properties), MOST_PROPERTY_BYTES)
    except Invalid:
        raise Refused(RejectionCode.BAD_PROPERTIES, _UNSTORABLE) from None


_UNSTORABLE: Final = "The properties cannot be stored: at most 16 kB fit, with numbers and texts that a database has."


_LATEST: Final = timedelta(hours=24)


def _occurred_at(raw: Mapping[str, Any], sent_at: datetime | None, now: datetime) -> datetime:
    """By our clock: a device's clock is wrong by as much as `sentAt` differs from now."""
    given = raw.get("timestamp", raw.get("originalTimestamp"))
    if given is None:
        return now
    moment = find_instant(given)
    if moment is None:
        raise Refused(RejectionCode.BAD_TIMESTAMP, "`timestamp` must be an instant such as 2026-11-22T09:30:00Z.")
    if sent_at is not None:
        return min(now, moment + (now - sent_at))
    if moment > now + _LATEST:
        raise Refused(RejectionCode.BAD_TIMESTAMP, "`timestamp` is more than a day ahead.")
    return moment
