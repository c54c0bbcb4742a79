"""What lets a contact into a workflow, ends a WAIT_FOR, or is a goal or an exit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Any

from models.rules.duration import Duration
from models.rules.tree import PropertyFilter

RuleJson = Mapping[str, Any]
"""A rule in the shape of RuleInput, with plain ids of segments. What it names is checked by `check.py`."""


class MessageMilestone(StrEnum):
    """What of a message a workflow listens to: the settled values of RecipientStatus."""

    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    UNCONFIRMED = "UNCONFIRMED"


@dataclass(frozen=True, slots=True)
class SegmentEntered:
    segment_id: int


@dataclass(frozen=True, slots=True)
class SegmentLeft:
    segment_id: int


@dataclass(frozen=True, slots=True)
class ActivityHappened:
    """An activity of the kind that passes all filters."""

    kind: str
    where: tuple[PropertyFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactCreated:
    pass


@dataclass(frozen=True, slots=True)
class FieldChanged:
    """One of these fields: a column of contacts, or `attributes.<key>`."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TagAdded:
    tag: str


@dataclass(frozen=True, slots=True)
class TagRemoved:
    tag: str


@dataclass(frozen=True, slots=True)
class DateReached:
    """The field's day or instant, moved by `offset` (back when `before`), each year when `yearly`.

    `at` is the local time on that day; None for midnight, or for the time of day that the field has.
    """

    field: str
    offset: Duration | None = None
    before: bool = False
    yearly: bool = False
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Each occurrence of an RFC 5545 rule, for all members of the segment."""

    rrule: str
    segment_id: int


@dataclass(frozen=True, slots=True)
class MessageReached:
    """A message got this status: of a SEND node of this workflow, of a broadcast, or any (both None)."""

    status: MessageMilestone
    node_key: str | None = None
    broadcast_id: int | None = None


@dataclass(frozen=True, slots=True)
class Manual:
    """Added by a person or a partner, or by ENROLL of another workflow."""


Event = (
    SegmentEntered
    | SegmentLeft
    | ActivityHappened
    | ContactCreated
    | FieldChanged
    | TagAdded
    | TagRemoved
    | DateReached
    | Scheduled
    | MessageReached
    | Manual
)


def segments_of(event: Event) -> frozenset[int]:
    """The segments that the event names."""
    match event:
        case SegmentEntered(segment_id) | SegmentLeft(segment_id) | Scheduled(segment_id=segment_id):
            return frozenset({segment_id})
        case _:
            return frozenset()
