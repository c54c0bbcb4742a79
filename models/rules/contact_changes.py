"""The words in `dirty_contacts.fields`. Triggers write the same in SQL; a test compares both."""

from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple, NewType

ContactChange = NewType("ContactChange", str)
"""Plain text for speed: the engine compares many."""

CREATED: Final = ContactChange("*")
"""Every rule is evaluated for it."""

DELETED: Final = ContactChange("-")
"""Its memberships and overrides are removed."""

_TAG_ADDED: Final = "tag+:"
_TAG_REMOVED: Final = "tag-:"
_ZONE_LEFT: Final = "timezone-:"
_ACTIVITY: Final = "activity:"
_MEMBERSHIP: Final = "segment:"
_RULE: Final = "rule:"
_THRESHOLD: Final = "time:"


def field_changed(key: str) -> ContactChange:
    """`key` is a column of contacts, or `attributes.<key>`."""
    return ContactChange(key)


def tag_added(key: str) -> ContactChange:
    """`key` is the tag in lower case. No rule reads it: a change of tags is also field_changed("tags")."""
    return ContactChange(f"{_TAG_ADDED}{key}")


def tag_removed(key: str) -> ContactChange:
    return ContactChange(f"{_TAG_REMOVED}{key}")


def zone_left(zone: str | None) -> ContactChange:
    """The time zone that it had before. No rule reads it: the change is also field_changed("timezone")."""
    return ContactChange(f"{_ZONE_LEFT}{zone or ''}")


def zone_before(changes: Iterable[ContactChange]) -> tuple[str | None] | None:
    """The zone that one of these words names, None for none of its own; None when no word does."""
    left = next((change for change in changes if change.startswith(_ZONE_LEFT)), None)
    return None if left is None else (left.removeprefix(_ZONE_LEFT) or None,)


def activity_changed(kind: str) -> ContactChange:
    return ContactChange(f"{_ACTIVITY}{kind}")


def membership_changed(segment_id: int) -> ContactChange:
    return ContactChange(f"{_MEMBERSHIP}{segment_id}")


def rule_to_evaluate(segment_id: int) -> ContactChange:
    """The segment's rule is evaluated, whatever changed."""
    return ContactChange(f"{_RULE}{segment_id}")


def rules_to_evaluate(changes: Iterable[ContactChange]) -> list[int]:
    """The segments that `rule_to_evaluate` names in these changes."""
    return [int(change.removeprefix(_RULE)) for change in changes if change.startswith(_RULE)]


def threshold_crossed(segment_id: int) -> ContactChange:
    return ContactChange(f"{_THRESHOLD}{segment_id}")


def concerns_every_rule(changes: Iterable[ContactChange]) -> bool:
    return CREATED in changes or DELETED in changes


def may_be_deleted(changes: Iterable[ContactChange]) -> bool:
    """Is also true after the contact entered a segment: it may have been deleted meanwhile."""
    return DELETED in changes or any(change.startswith(_MEMBERSHIP) for change in changes)


class ChangeOf(Enum):
    CREATION = "creation"
    DELETION = "deletion"
    FIELD = "field"
    TAG_ADDED = "tag added"
    TAG_REMOVED = "tag removed"
    ZONE_LEFT = "zone left"
    ACTIVITY = "activity"
    MEMBERSHIP = "membership"
    RULE = "rule"
    THRESHOLD = "threshold"


class Reading(NamedTuple):
    """`subject` is a field key, tag, kind of activity or segment id; None for the contact."""

    of: ChangeOf
    subject: str | int | None = None


_OF_TEXTS: Final = {
    _TAG_ADDED: ChangeOf.TAG_ADDED,
    _TAG_REMOVED: ChangeOf.TAG_REMOVED,
    _ZONE_LEFT: ChangeOf.ZONE_LEFT,
    _ACTIVITY: ChangeOf.ACTIVITY,
}
_OF_SEGMENTS: Final = {_MEMBERSHIP: ChangeOf.MEMBERSHIP, _RULE: ChangeOf.RULE, _THRESHOLD: ChangeOf.THRESHOLD}


def read(change: ContactChange) -> Reading:
    """Raises ValueError when a segment's id is no integer."""
    if change == CREATED:
        return Reading(ChangeOf.CREATION)
    if change == DELETED:
        return Reading(ChangeOf.DELETION)
    for prefix, of in _OF_TEXTS.items():
        if change.startswith(prefix):
            return Reading(of, change.removeprefix(prefix))
    for prefix, of in _OF_SEGMENTS.items():
        if change.startswith(prefix):
            return Reading(of, int(change.removeprefix(prefix)))
    return Reading(ChangeOf.FIELD, change)
