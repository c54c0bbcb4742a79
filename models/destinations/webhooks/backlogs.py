"""How far endpoints are behind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.changelog.events import EVENTS
from models.changelog.log import Log
from models.changelog.members import MEMBERS
from models.destinations.webhooks import positions
from models.destinations.webhooks.event_types import MEMBERSHIP_CHANGES, OF_LOG
from permissions.principal import Scope

MOST_COUNTED: Final = 100_000
"""What has to be looked through is counted up to here. All membership changes are counted by their positions, however many."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many events wait, and since when. `is_minimum`: more may wait."""

    events: int = 0
    oldest_at: datetime | None = None
    is_minimum: bool = False

    @property
    def seconds(self) -> float:
        return 0.0 if self.oldest_at is None else max(0.0, (clock.now() - self.oldest_at).total_seconds())

    def __add__(self, other: "Backlog") -> "Backlog":
        oldest = min(filter(None, (self.oldest_at, other.oldest_at)), default=None)
        return Backlog(self.events + other.events, oldest, self.is_minimum or other.is_minimum)


async def backlog_of(scope: Scope, row: Any) -> Backlog:
    """Counts what the endpoint (a row) would be sent next."""
    at, found = await positions.delivered_up_to(scope, row["id"]), Backlog()
    types, segment_ids = set(row["event_types"]), list(row["segment_ids"])
    if MEMBERSHIP_CHANGES in types and segment_ids:
        found += await _count(scope, MEMBERS, at.members, _OF_SEGMENTS, segment_ids)
    elif MEMBERSHIP_CHANGES in types:
        found += await _all_after(scope, MEMBERS, at.members)
    if OF_LOG & types:
        found += await _count(scope, EVENTS, at.events, _OF_TYPES, segment_ids, sorted(OF_LOG & types))
    return found


async def _all_after(scope: Scope, log: Log[Any], after: int) -> Backlog:
    """Positions have no gaps."""
    row = await db.fetch_row(
        f"""
        SELECT greatest(h.position - greatest(h.floor, $2::bigint), 0) AS events, (
            SELECT a.at FROM {log.appends} AS a WHERE a.workspace_id = $1 AND a.position > $2::bigint
            ORDER BY a.position LIMIT 1
        ) AS oldest_at
        FROM {log.heads} AS h WHERE h.workspace_id = $1
        """,  # noqa: S608 - names of a log, which are constants of the code
        scope.workspace_id,
        after,
    )
    return Backlog() if row is None else Backlog(row["events"], row["oldest_at"])


async def _count(scope: Scope, log: Log[Any], after: int, condition: str, *values: Any) -> Backlog:
    """Of the next MOST_COUNTED appends."""
    row = await db.fetch_row(
        f"""
        WITH a AS MATERIALIZED (
            SELECT append_id, position, size FROM {log.appends} WHERE workspace_id = $1 AND position > $2::bigint
            ORDER BY position LIMIT {MOST_COUNTED}
        ), waiting AS (
            SELECT e.at FROM a
            JOIN {log.entries} AS e ON e.workspace_id = $1 AND e.append_id = a.append_id
             AND e.place > $2::bigint - (a.position - a.size)
            WHERE {condition} LIMIT {MOST_COUNTED}
        )
        SELECT count(*) AS events, min(at) AS oldest_at, (SELECT count(*) FROM a) AS appends FROM waiting
        """,  # noqa: S608
        scope.workspace_id,
        after,
        *values,
    )
    assert row is not None
    return Backlog(row["events"], row["oldest_at"], MOST_COUNTED in (row["events"], row["appends"]))


_OF_SEGMENTS: Final = "e.segment_id = ANY ($3::bigint[])"

_OF_TYPES: Final = """
    e.type = ANY ($4::text[]) AND ($3::bigint[] = '{}' OR e.payload ->> 'segment_id' IS NULL
        OR (e.payload ->> 'segment_id')::bigint = ANY ($3::bigint[]))
"""
