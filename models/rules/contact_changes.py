"""The words in `dirty_contacts.fields` for what changed of a contact.

In Python only this module writes and reads them. Triggers write them in SQL; a test compares the two.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple, NewType

ContactChange = NewType("ContactChange", str)
"""Plain text, because the engine compares it for each change of each contact."""

CREATED: Final = ContactChange("*")
"""The contact is new: every rule is evaluated for it."""

DELETED: Final = ContactChange("-")
"""The contact is gone: its members and overrides are removed."""

_ACTIVITY: Final = "activity:"
_MEMBERSHIP: Final = "segment:"
_RULE: Final = "rule:"
_THRESHOLD: Final = "time:"


def field_changed(key: str) -> ContactChange:
    """A column of contacts (`email`, `tags`), or a custom field (`attributes.<key>`)."""
    return ContactChange(key)


def activity_changed(kind: str) -> ContactChange:
    """An activity of this kind was written, changed or deleted."""
    return ContactChange(f"{_ACTIVITY}{kind}")


def membership_changed(segment_id: int) -> ContactChange:
    """The contact entered or left this segment. Rules that mention the segment read it."""
    return ContactChange(f"{_MEMBERSHIP}{segment_id}")


def rule_to_evaluate(segment_id: int) -> ContactChange:
    """This segment's rule is to be evaluated, whatever changed."""
    return ContactChange(f"{_RULE}{segment_id}")


def threshold_crossed(segment_id: int) -> ContactChange:
    """Time passed a threshold of this segment's rule."""
    return ContactChange(f"{_THRESHOLD}{segment_id}")


def concerns_every_rule(changes: Iterable[ContactChange]) -> bool:
    """Whether the contact was created or deleted."""
    return CREATED in changes or DELETED in changes


def may_be_deleted(changes: Iterable[ContactChange]) -> bool:
    """Whether the contact was deleted, or entered a segment, maybe while it was deleted."""
    return DELETED in changes or any(change.startswith(_MEMBERSHIP) for change in changes)


# ---------------------------------------------------------------- read


class ChangeOf(Enum):
    """What a change is about."""

    CREATION = "creation"
    DELETION = "deletion"
    FIELD = "field"
    ACTIVITY = "activity"
    MEMBERSHIP = "membership"
    RULE = "rule"
    THRESHOLD = "threshold"


class Reading(NamedTuple):
    """`subject`: the field's key, the kind of activity or the segment's id; None for the contact."""

    of: ChangeOf
    subject: str | int | None = None


_OF_SEGMENTS: Final = {_MEMBERSHIP: ChangeOf.MEMBERSHIP, _RULE: ChangeOf.RULE, _THRESHOLD: ChangeOf.THRESHOLD}


def read(change: ContactChange) -> Reading:
    """The opposite of writing. Raises ValueError when a segment's id is no integer."""
    if change == CREATED:
        return Reading(ChangeOf.CREATION)
    if change == DELETED:
        return Reading(ChangeOf.DELETION)
    if change.startswith(_ACTIVITY):
        return Reading(ChangeOf.ACTIVITY, change.removeprefix(_ACTIVITY))
    for prefix, of in _OF_SEGMENTS.items():
        if change.startswith(prefix):
            return Reading(of, int(change.removeprefix(prefix)))
    return Reading(ChangeOf.FIELD, change)
