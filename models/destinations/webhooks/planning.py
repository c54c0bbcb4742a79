"""Ranges of the logs become deliveries. The position moves in the same transaction, so each entry is in one delivery."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from models import clock, db
from models.changelog import readers
from models.changelog.events import EVENTS, Event
from models.changelog.log import Log
from models.changelog.members import MEMBERS, MembershipChange
from models.changelog.read import LogPage, read_page
from models.destinations.webhooks import bodies
from models.destinations.webhooks.bodies import Delivery, Entries, delivery_of
from models.destinations.webhooks.event_types import EVENT_TYPES, MEMBERSHIP_CHANGES
from models.destinations.webhooks.rows import DeliveryKind, Endpoint
from models.queue import leases
from models.queue.leases import Lease
from permissions.principal import Scope

MOST_PLANNED: Final = {"ORDERED": 16, "PARALLEL": 64}
"""Requests that are made ahead, by mode. Only so many wait at a time, however long an endpoint is down."""

MOST_READ: Final = 4_000
"""Entries read at a time."""


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


@dataclass(frozen=True, slots=True)
class Planned:
    delivery: Delivery
    entries: Entries


async def plan(scope: Scope, lease: Lease, endpoint: Endpoint, most: int) -> list[Planned]:
    """Makes up to about `most` deliveries of what the endpoint has not read yet. Raises LeaseLost, NotInLog."""
    async with db.transaction():
        await leases.renew(lease)
        changes = _changes(scope, endpoint, most)
        events = _events(scope, endpoint, most)
        async with changes as members, events as others:
            ranges = await _ranges(scope, endpoint, members, others)
            return await store(scope, endpoint, DeliveryKind.LIVE, ranges)


Read = AbstractAsyncContextManager[LogPage[Any] | None]


def _changes(scope: Scope, endpoint: Endpoint, most: int) -> Read:
    if not endpoint.reads_members:
        return nullcontext(None)
    size = min(MOST_READ, most * endpoint.batch_size)
    return readers.next_page(scope, MEMBERS, endpoint.reader, size, list(endpoint.segment_ids) or None)


def _events(scope: Scope, endpoint: Endpoint, most: int) -> Read:
    if not endpoint.types_of_log:
        return nullcontext(None)
    return readers.next_page(scope, EVENTS, endpoint.reader, most, endpoint.types_of_log)


async def _ranges(
    scope: Scope, endpoint: Endpoint, members: LogPage[Any] | None, others: LogPage[Any] | None
) -> list[Range]:
    changes: Sequence[MembershipChange] = () if members is None else members.entries
    events = [] if others is None else [event for event in others.entries if is_wanted(endpoint, event)]
    contacts = await bodies.with_their_contacts(scope, changes, endpoint.include_contacts)
    sizes = [len(bodies.encode(change, contact)) for change, contact in contacts] if endpoint.include_contacts else None
    return list(divide(changes, events, endpoint.batch_size, sizes))


def is_wanted(endpoint: Endpoint, event: Event) -> bool:
    """Whether the event is about a segment of the endpoint, or about none."""
    segment_id = EVENT_TYPES[event.type.value].segment_of(event.payload)
    return not endpoint.segment_ids or segment_id is None or segment_id in endpoint.segment_ids


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


async def store(
    scope: Scope, endpoint: Endpoint, kind: DeliveryKind, ranges: Sequence[Range], replay_id: int | None = None
) -> list[Planned]:
    """Inserts a delivery for each range, in their order."""
    if not ranges:
        return []
    rows = await db.fetch(
        _STORE,
        scope.workspace_id,
        endpoint.id,
        kind,
        replay_id,
        list(endpoint.segment_ids),
        clock.now(),
        [one.event_type for one in ranges],
        [len(one.entries) for one in ranges],
        [one.log.name for one in ranges],
        [one.after for one in ranges],
        [one.until for one in ranges],
    )
    stored = sorted(map(delivery_of, rows), key=lambda one: one.id)
    return [Planned(delivery, one.entries) for delivery, one in zip(stored, ranges, strict=True)]


_STORE: Final = """
INSERT INTO webhook_deliveries (
    workspace_id, endpoint_id, kind, replay_id, segment_ids, next_attempt_at, created_at,
    event_type, events, log, after_position, until_position)
SELECT $1, $2, $3, $4, $5, $6, $6, event_type, events, log, after_position, until_position
FROM unnest($7::text[], $8::integer[], $9::text[], $10::bigint[], $11::bigint[])
    WITH ORDINALITY AS given (event_type, events, log, after_position, until_position, place)
ORDER BY place
RETURNING *
"""


# ---------------------------------------------------------------- replays


async def plan_replay(scope: Scope, lease: Lease, endpoint: Endpoint, most: int) -> list[Planned]:
    """Makes deliveries of the endpoint's first unfinished replay. Raises LeaseLost, NotInLog."""
    async with db.transaction():
        await leases.renew(lease)
        row = await db.fetch_row(_FIRST_REPLAY, scope.workspace_id, endpoint.id)
        if row is None:
            return []
        members, others = await _read_replay(scope, endpoint, row, most)
        planned = await store(
            scope, endpoint, DeliveryKind.REPLAY, await _ranges(scope, endpoint, members, others), row["id"]
        )
        await _move_replay(scope, row, members, others)
        return planned


_FIRST_REPLAY: Final = """
SELECT * FROM webhook_replays WHERE workspace_id = $1 AND endpoint_id = $2 ORDER BY id LIMIT 1 FOR UPDATE
"""


async def _read_replay(
    scope: Scope, endpoint: Endpoint, row: Any, most: int
) -> tuple[LogPage[Any] | None, LogPage[Any] | None]:
    members = others = None
    if endpoint.reads_members:
        size = min(MOST_READ, most * endpoint.batch_size)
        only = list(endpoint.segment_ids) or None
        members = _until(await read_page(scope, MEMBERS, row["members_position"], size, only), row["members_until"])
    if endpoint.types_of_log:
        page = await read_page(scope, EVENTS, row["events_position"], most, endpoint.types_of_log)
        others = _until(page, row["events_until"])
    return members, others


def _until(page: LogPage[Any], until: int) -> LogPage[Any]:
    entries = [entry for entry in page.entries if entry.position <= until]
    return LogPage(entries, min(page.position, until), page.more and page.position < until)


async def _move_replay(scope: Scope, row: Any, members: LogPage[Any] | None, others: LogPage[Any] | None) -> None:
    at = row["members_until"] if members is None else members.position
    events_at = row["events_until"] if others is None else others.position
    if at >= row["members_until"] and events_at >= row["events_until"]:
        await db.execute(
            "DELETE FROM webhook_replays WHERE workspace_id = $1 AND id = $2", scope.workspace_id, row["id"]
        )
        await db.execute(
            "UPDATE webhook_endpoints SET replays = replays - 1 WHERE workspace_id = $1 AND id = $2",
            scope.workspace_id,
            row["endpoint_id"],
        )
        return
    await db.execute(
        "UPDATE webhook_replays SET members_position = $3, events_position = $4 WHERE workspace_id = $1 AND id = $2",
        scope.workspace_id,
        row["id"],
        at,
        events_at,
    )
