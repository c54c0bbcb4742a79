"""Where an endpoint stands in both logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.changelog import readers
from models.changelog.cursor import find_position, from_cursor, to_cursor_of_several
from models.changelog.events import EVENTS
from models.changelog.log import Log
from models.changelog.members import MEMBERS
from models.changelog.read import check_position, read_head
from models.changelog.readers import StoredReader
from models.destinations.webhooks.event_types import MEMBERSHIP_CHANGES, OF_LOG
from models.destinations.webhooks.rows import READER
from models.errors import Path
from permissions.principal import Scope

MOST_COUNTED: Final = 100_000
"""What waits is counted up to here."""


@dataclass(frozen=True, slots=True)
class Positions:
    """Entries up to these positions lie behind."""

    members: int
    events: int

    def to_cursor(self, workspace_id: int) -> str:
        return to_cursor_of_several(workspace_id, {MEMBERS: self.members, EVENTS: self.events})


async def heads(scope: Scope) -> Positions:
    return Positions((await read_head(scope, MEMBERS)).position, (await read_head(scope, EVENTS)).position)


async def from_text(scope: Scope, cursor: str, path: Path) -> Positions:
    """Reads an endpoint's cursor, or one of membershipChanges. Raises Invalid, and NotInLog, at `path`.

    The second says nothing of the other events: they follow from the moment of the next change after it.
    """
    members = from_cursor(scope, MEMBERS, cursor, path)
    events = find_position(scope, EVENTS, cursor)
    await check_position(scope, MEMBERS, members, path)
    if events is None:
        return Positions(members, await _events_before(scope, members))
    await check_position(scope, EVENTS, events, path)
    return Positions(members, events)


async def _events_before(scope: Scope, members: int) -> int:
    head = await read_head(scope, EVENTS)
    at = await db.fetch_value(
        "SELECT at FROM membership_appends WHERE workspace_id = $1 AND position > $2 ORDER BY position LIMIT 1",
        scope.workspace_id,
        members,
    )
    if at is None:
        return head.position
    before: int | None = await db.fetch_value(
        "SELECT max(position) FROM event_appends WHERE workspace_id = $1 AND at < $2", scope.workspace_id, at
    )
    return head.floor if before is None else before


async def check(scope: Scope, at: Positions, path: Path) -> None:
    """Raises NotInLog at `path` when what follows is no longer kept."""
    await check_position(scope, MEMBERS, at.members, path)
    await check_position(scope, EVENTS, at.events, path)


# ---------------------------------------------------------------- moving


async def start_at(scope: Scope, endpoint_id: int, event_types: Sequence[str], positions: Positions) -> None:
    """Sets the positions in the logs that these types need, and removes the other ones. In the caller's transaction."""
    reader = StoredReader(READER, endpoint_id)
    await readers.stop(scope, reader)
    if MEMBERSHIP_CHANGES in event_types:
        await readers.start(scope, MEMBERS, reader, positions.members)
    if OF_LOG & set(event_types):
        await readers.start(scope, EVENTS, reader, positions.events)


async def read_up_to(scope: Scope, endpoint_id: int) -> Positions:
    """Returns up to where the logs were read; the end, of a log that the endpoint does not read."""
    reader, ends = StoredReader(READER, endpoint_id), await heads(scope)
    members = await readers.find_position(scope, MEMBERS, reader)
    events = await readers.find_position(scope, EVENTS, reader)
    return Positions(ends.members if members is None else members, ends.events if events is None else events)


async def delivered_up_to(scope: Scope, endpoint_id: int) -> Positions:
    """Everything before was delivered, or skipped."""
    read, waiting = await read_up_to(scope, endpoint_id), await _first_waiting(scope, endpoint_id)
    return Positions(
        min(read.members, waiting.get("members", read.members)), min(read.events, waiting.get("events", read.events))
    )


async def _first_waiting(scope: Scope, endpoint_id: int) -> dict[str, int]:
    rows = await db.fetch(
        """
        SELECT log, min(after_position) AS position FROM webhook_deliveries
        WHERE workspace_id = $1 AND endpoint_id = $2 AND status = 'WAITING' AND kind = 'LIVE' GROUP BY log
        """,
        scope.workspace_id,
        endpoint_id,
    )
    return {row["log"]: row["position"] for row in rows}


async def kept_from(scope: Scope) -> datetime | None:
    """Returns the moment of the oldest change that is kept."""
    found: datetime | None = await db.fetch_value(
        "SELECT at FROM membership_appends WHERE workspace_id = $1 ORDER BY position LIMIT 1", scope.workspace_id
    )
    return found


# ---------------------------------------------------------------- being behind


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many events wait, counted up to MOST_COUNTED, and since when."""

    events: int
    oldest_at: datetime | None

    @property
    def seconds(self) -> float:
        return 0.0 if self.oldest_at is None else max(0.0, (clock.now() - self.oldest_at).total_seconds())


async def backlog_of(scope: Scope, row: Any) -> Backlog:
    """Counts what the endpoint (a row) would be sent next."""
    at = await delivered_up_to(scope, row["id"])
    types = set(row["event_types"])
    found = Backlog(0, None)
    if MEMBERSHIP_CHANGES in types:
        found = await _count(scope, MEMBERS, at.members, _OF_SEGMENTS, list(row["segment_ids"]))
    if OF_LOG & types:
        of_events = await _count(scope, EVENTS, at.events, _OF_TYPES, list(row["segment_ids"]), sorted(OF_LOG & types))
        oldest = min(filter(None, (found.oldest_at, of_events.oldest_at)), default=None)
        found = Backlog(min(MOST_COUNTED, found.events + of_events.events), oldest)
    return found


async def _count(scope: Scope, log: Log[Any], after: int, condition: str, *values: Any) -> Backlog:
    row = await db.fetch_row(
        f"""
        SELECT count(*) AS events, min(at) AS oldest_at FROM (
            SELECT e.at FROM (
                SELECT append_id, position, size FROM {log.appends} WHERE workspace_id = $1 AND position > $2::bigint
                ORDER BY position LIMIT {MOST_COUNTED}
            ) AS a
            JOIN {log.entries} AS e ON e.workspace_id = $1 AND e.append_id = a.append_id
             AND e.place > $2::bigint - (a.position - a.size)
            WHERE {condition} LIMIT {MOST_COUNTED}
        ) AS waiting
        """,  # noqa: S608 - names of a log, which are constants of the code
        scope.workspace_id,
        after,
        *values,
    )
    assert row is not None
    return Backlog(row["events"], row["oldest_at"])


_OF_SEGMENTS: Final = "($3::bigint[] = '{}' OR e.segment_id = ANY ($3::bigint[]))"

_OF_TYPES: Final = """
    e.type = ANY ($4::text[]) AND ($3::bigint[] = '{}' OR e.payload ->> 'segment_id' IS NULL
        OR (e.payload ->> 'segment_id')::bigint = ANY ($3::bigint[]))
"""
