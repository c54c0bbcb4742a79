"""Ranges of the logs become deliveries. The position moves in the same transaction, so each entry is in one delivery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models import clock, db
from models.changelog.events import EVENTS, Event
from models.changelog.log import Log
from models.changelog.members import MEMBERS, MembershipChange
from models.changelog.read import LogPage, read_next, read_page
from models.changelog.readers import MOVE, ReaderMoved, move
from models.destinations.webhooks import bodies
from models.destinations.webhooks.bodies import Delivery, Entries, delivery_of
from models.destinations.webhooks.event_types import EVENT_TYPES
from models.destinations.webhooks.ranges import Range, divide
from models.destinations.webhooks.rows import DeliveryKind, Endpoint
from permissions.principal import Scope

MOST_PLANNED: Final = {"ORDERED": 32, "PARALLEL": 64}
"""Requests that are made ahead, by mode. Only so many wait at a time, however long an endpoint is down."""

MOST_READ: Final = 4_000
"""Entries read at a time."""


@dataclass(frozen=True, slots=True)
class Planned:
    delivery: Delivery
    entries: Entries


async def plan(scope: Scope, endpoint: Endpoint, behind: Mapping[str, int], most: int) -> list[Planned]:
    """Makes up to about `most` deliveries of what follows `behind`: the positions in the logs, by name, that have more.

    Empty when another worker has planned it. Raises NotInLog.
    """
    members = await _changes(scope, endpoint, behind.get(MEMBERS.name), most)
    events = await _events(scope, endpoint, behind.get(EVENTS.name), most)
    ranges = await _ranges(scope, endpoint, members, events)
    read = [(log, page) for log, page in ((MEMBERS, members), (EVENTS, events)) if page is not None]
    try:
        return await _store(scope, endpoint, behind, read, ranges)
    except ReaderMoved:
        return []


Read = tuple[Log[Any], LogPage[Any]]


async def _store(
    scope: Scope, endpoint: Endpoint, behind: Mapping[str, int], read: Sequence[Read], ranges: Sequence[Range]
) -> list[Planned]:
    """Moves the positions, with the last one in the statement that stores. Mostly there is one, and so one statement."""
    if not read:
        return []
    *others, (log, page) = read
    if ranges and not others:
        return await _store_and_move(scope, endpoint, log, behind[log.name], page.position, ranges)
    async with db.transaction():
        for other, other_page in others:
            await _move(scope, endpoint, other, behind[other.name], other_page.position)
        if ranges:
            return await _store_and_move(scope, endpoint, log, behind[log.name], page.position, ranges)
        await _move(scope, endpoint, log, behind[log.name], page.position)
    return []


async def _move(scope: Scope, endpoint: Endpoint, log: Log[Any], before: int, position: int) -> None:
    """What was looked through and is not wanted. Raises ReaderMoved."""
    if position != before:
        await move(scope, log, endpoint.reader, before, position)


async def _changes(scope: Scope, endpoint: Endpoint, position: int | None, most: int) -> LogPage[Any] | None:
    if position is None:
        return None
    size = min(MOST_READ, most * endpoint.batch_size)
    if endpoint.segment_ids:
        return await read_page(scope, MEMBERS, position, size, list(endpoint.segment_ids))
    entries = await read_next(scope, MEMBERS, position, size)
    return LogPage(entries, entries[-1].position, True) if entries else None


async def _events(scope: Scope, endpoint: Endpoint, position: int | None, most: int) -> LogPage[Any] | None:
    return None if position is None else await read_page(scope, EVENTS, position, most, endpoint.types_of_log)


async def _ranges(
    scope: Scope, endpoint: Endpoint, members: LogPage[Any] | None, others: LogPage[Any] | None
) -> list[Range]:
    changes: Sequence[MembershipChange] = () if members is None else members.entries
    events = [] if others is None else [event for event in others.entries if is_wanted(endpoint, event)]
    sizes = None
    if endpoint.include_contacts:  # without contacts, as many changes as a request may hold always fit
        contacts = await bodies.with_their_contacts(scope, changes)
        sizes = [len(bodies.encode(change, contact)) for change, contact in contacts]
    return list(divide(changes, events, endpoint.batch_size, sizes))


def is_wanted(endpoint: Endpoint, event: Event) -> bool:
    """Whether the event is about a segment of the endpoint, or about none."""
    segment_id = EVENT_TYPES[event.type.value].segment_of(event.payload)
    return not endpoint.segment_ids or segment_id is None or segment_id in endpoint.segment_ids


async def _store_and_move(
    scope: Scope, endpoint: Endpoint, log: Log[Any], before: int, position: int, ranges: Sequence[Range]
) -> list[Planned]:
    """Inserts a delivery for each range, in their order. Raises ReaderMoved: then nothing was written."""
    reader = endpoint.reader
    moved = (reader.kind, reader.id, log.name, before, position, clock.now())
    rows = await db.fetch(
        _STORE_AND_MOVE, scope.workspace_id, *moved, DeliveryKind.LIVE, None, *_values(endpoint, ranges)
    )
    if not rows:
        raise ReaderMoved(f"the reader {reader.kind} {reader.id} is no longer at {before}")
    return _planned(rows, ranges)


def _values(endpoint: Endpoint, ranges: Sequence[Range]) -> tuple[Any, ...]:
    return (
        list(endpoint.segment_ids),
        [one.event_type for one in ranges],
        [len(one.entries) for one in ranges],
        [one.log.name for one in ranges],
        [one.after for one in ranges],
        [one.until for one in ranges],
    )


def _planned(rows: Sequence[Any], ranges: Sequence[Range]) -> list[Planned]:
    stored = sorted(map(delivery_of, rows), key=lambda one: one.id)
    return [Planned(delivery, one.entries) for delivery, one in zip(stored, ranges, strict=True)]


_INSERT: Final = """
INSERT INTO webhook_deliveries (
    workspace_id, endpoint_id, next_attempt_at, created_at, kind, replay_id, segment_ids,
    event_type, events, log, after_position, until_position)
"""

_STORE_AND_MOVE: Final = f"""
WITH moved AS ({MOVE})
{_INSERT}
SELECT $1, $3, $7, $7, $8, $9::bigint, $10::bigint[], event_type, events, log, after_position, until_position
FROM unnest($11::text[], $12::integer[], $13::text[], $14::bigint[], $15::bigint[])
    WITH ORDINALITY AS given (event_type, events, log, after_position, until_position, place)
WHERE EXISTS (SELECT 1 FROM moved)
ORDER BY place
RETURNING *
"""  # noqa: S608 - constants


# ---------------------------------------------------------------- replays


async def plan_replay(scope: Scope, endpoint: Endpoint, most: int) -> list[Planned]:
    """Makes deliveries of the endpoint's first unfinished replay. Raises NotInLog."""
    async with db.transaction():
        row = await db.fetch_row(_FIRST_REPLAY, scope.workspace_id, endpoint.id)
        if row is None:
            return []
        members, others = await _read_replay(scope, endpoint, row, most)
        planned = await _store_replay(scope, endpoint, row["id"], await _ranges(scope, endpoint, members, others))
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


async def _store_replay(scope: Scope, endpoint: Endpoint, replay_id: int, ranges: Sequence[Range]) -> list[Planned]:
    values = _values(endpoint, ranges)
    rows = await db.fetch(
        _STORE_REPLAY, scope.workspace_id, endpoint.id, clock.now(), DeliveryKind.REPLAY, replay_id, *values
    )
    return _planned(rows, ranges)


_STORE_REPLAY: Final = f"""
{_INSERT}
SELECT $1, $2, $3, $3, $4, $5::bigint, $6::bigint[], event_type, events, log, after_position, until_position
FROM unnest($7::text[], $8::integer[], $9::text[], $10::bigint[], $11::bigint[])
    WITH ORDINALITY AS given (event_type, events, log, after_position, until_position, place)
ORDER BY place
RETURNING *
"""  # noqa: S608


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
