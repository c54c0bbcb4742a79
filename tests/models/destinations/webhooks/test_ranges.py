"""Ranges of two logs become requests: each entry in one of them, in order, within the limits."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.changelog.events import EVENTS, Event, SegmentDeleted
from models.changelog.members import MEMBERS, MembershipChange
from models.destinations.webhooks import bodies
from models.destinations.webhooks.ranges import divide
from models.destinations.webhooks.settings import MOST_IN_BATCH

BEGAN_AT = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return BEGAN_AT + timedelta(seconds=seconds)


@dataclass
class Logs:
    """Positions have gaps, as after a filter; moments never go back within a log."""

    changes: list[MembershipChange]
    events: list[Event]


@st.composite
def logs(draw: st.DrawFn) -> Logs:
    def moments(most: int) -> list[tuple[int, int]]:
        gaps = draw(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=most))
        found, position, second = [], 0, 0
        for gap, later in gaps:
            position, second = position + gap, second + later
            found.append((position, second))
        return found

    changes = [
        MembershipChange(1, position, 7, position, "ENTERED", "RULE", at(second)) for position, second in moments(30)
    ]
    events = [Event(1, position, SegmentDeleted(7, "x"), at(second)) for position, second in moments(6)]
    return Logs(changes, events)


@given(logs(), st.integers(1, 9), st.lists(st.sampled_from([10, 100_000, 200_000, 300_000]), min_size=30, max_size=30))
def test_each_entry_is_in_one_request_in_order(read: Logs, batch_size: int, sizes: list[int]) -> None:
    ranges = list(divide(read.changes, read.events, batch_size, sizes[: len(read.changes)]))
    of_members = [one for one in ranges if one.log is MEMBERS]
    assert [entry for one in of_members for entry in one.entries] == read.changes
    assert [entry for one in ranges if one.log is EVENTS for entry in one.entries] == read.events
    for one in ranges:
        assert one.after < one.entries[0].position <= one.entries[-1].position == one.until
        assert 1 <= len(one.entries) <= (batch_size if one.log is MEMBERS else 1)
        size = sum(sizes[read.changes.index(entry)] for entry in one.entries) if one.log is MEMBERS else 0
        assert size <= bodies.MOST_BYTES or len(one.entries) == 1
    for before, after in pairwise(of_members):
        assert before.until <= after.after


@given(logs(), st.integers(1, 9))
def test_between_the_logs_what_happened_first_comes_first(read: Logs, batch_size: int) -> None:
    told = [entry.at for one in divide(read.changes, read.events, batch_size) for entry in one.entries]
    assert told == sorted(told)


def test_as_many_changes_as_a_request_may_hold_fit_without_contacts() -> None:
    largest = 2**63 - 1
    change = MembershipChange(largest, largest, largest, largest, "ENTERED", "WORKFLOW", at(0).replace(microsecond=1))
    encoded = bodies.encode(change, None)
    assert len(encoded) * MOST_IN_BATCH <= bodies.MOST_BYTES - bodies.ENVELOPE_BYTES


def test_contacts_that_have_grown_are_left_out_of_the_last_changes() -> None:
    changes = [MembershipChange(1, number, 7, number, "ENTERED", "RULE", BEGAN_AT) for number in range(1, 5)]
    encoded = [bodies.encode(changes[0], None) + b" " * 100_000 for _ in changes]
    kept = bodies.fitting(changes, encoded)
    assert [len(one) > 100_000 for one in kept] == [True, True, False, False]
    assert kept[2:] == [bodies.encode(change, None) for change in changes[2:]]
