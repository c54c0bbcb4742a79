"""Divides what was read of both logs into requests. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.changelog.events import EVENTS, Event
from models.changelog.log import Log
from models.changelog.members import MEMBERS, MembershipChange
from models.destinations.webhooks import bodies
from models.destinations.webhooks.bodies import Entries
from models.destinations.webhooks.event_types import MEMBERSHIP_CHANGES


@dataclass(frozen=True, slots=True)
class Range:
    """What one request holds: the entries in (after, until] of a log."""

    log: Log[Any]
    after: int
    until: int
    entries: Entries

    @property
    def event_type(self) -> str:
        return MEMBERSHIP_CHANGES if self.log is MEMBERS else str(self.entries[0].type.value)  # type: ignore[union-attr]


def divide(
    changes: Sequence[MembershipChange], events: Sequence[Event], batch_size: int, sizes: Sequence[int] | None = None
) -> Iterator[Range]:
    """Divides what was read into requests: an event in each, and up to `batch_size` changes that fit, by their sizes.

    In the order of each log; between the two, what happened first.
    """
    start = 0
    for event in events:
        end = start
        while end < len(changes) and changes[end].at <= event.at:
            end += 1
        yield from _batches(changes, start, end, batch_size, sizes)
        yield Range(EVENTS, event.position - 1, event.position, [event])
        start = end
    yield from _batches(changes, start, len(changes), batch_size, sizes)


def _batches(
    changes: Sequence[MembershipChange], start: int, end: int, batch_size: int, sizes: Sequence[int] | None
) -> Iterator[Range]:
    while start < end:
        stop = min(end, start + batch_size)
        if sizes is not None:
            stop = min(stop, _how_many_fit(sizes, start, stop))
        yield Range(MEMBERS, changes[start].position - 1, changes[stop - 1].position, changes[start:stop])
        start = stop


def _how_many_fit(sizes: Sequence[int], start: int, stop: int) -> int:
    """One always does: its contact is left out if need be."""
    size = 0
    for index in range(start, stop):
        size += sizes[index] + 1
        if size > bodies.MOST_BYTES - bodies.ENVELOPE_BYTES and index > start:
            return index
    return stop
