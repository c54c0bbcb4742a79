"""What happened in the past, as the engine would have heard of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from models import db
from models.errors import LimitExceeded
from models.rules.contact_changes import activity_changed
from models.workflows import sources
from models.workflows.graph.events import (
    ActivityHappened,
    ContactCreated,
    Event,
    Scheduled,
    SegmentEntered,
    SegmentLeft,
)
from models.workflows.happenings import Happening, in_order
from models.workflows.timing.recurrences import next_recurrence, read_recurrence
from models.workflows.trials.heard import of_activity, of_change
from permissions.principal import Scope

MOST: Final = 200_000
"""Things that happened, in all: more would take too long."""

_ACTIVITY: Final = activity_changed("")
_SEGMENT: Final = "segment:"


def is_known(event: Event) -> bool:
    """Whether the past of such events is kept."""
    return isinstance(event, ActivityHappened | SegmentEntered | SegmentLeft | ContactCreated | Scheduled)


async def first_change_at(scope: Scope) -> datetime | None:
    """From when on changes of members are known; None when none was ever dropped."""
    at: datetime | None = await db.fetch_value(_FIRST_CHANGE, scope.workspace_id)
    return at


_FIRST_CHANGE = """
SELECT min(a.at) FROM membership_appends AS a
JOIN membership_heads AS h ON h.workspace_id = $1 AND h.floor > 0
WHERE a.workspace_id = $1
"""


async def happened_in(scope: Scope, words: frozenset[str], since: datetime, until: datetime) -> list[Happening]:
    """What is listened to by these words and happened in (since, until]. Raises LimitExceeded."""
    kinds = [word.removeprefix(_ACTIVITY) for word in words if word.startswith(_ACTIVITY)]
    segments = [int(word.removeprefix(_SEGMENT)) for word in words if word.startswith(_SEGMENT)]
    period = (scope.workspace_id, since, until, MOST + 1)
    rows = []
    if kinds:
        rows += [of_activity(*row) for row in await db.fetch(_ACTIVITIES, *period, kinds)]
    if segments:
        rows += [of_change(*row) for row in await db.fetch(_CHANGES, *period, segments)]
    if sources.CREATED in words:
        rows += [Happening(sources.CREATED, *row) for row in await db.fetch(_CREATED, *period)]
    refuse_too_many(len(rows))
    return in_order(rows)


def refuse_too_many(count: int) -> None:
    if count > MOST:
        raise LimitExceeded(f"more than {MOST:,} things happened in this period: choose a shorter one", ("to",))


_ACTIVITIES = """
SELECT id, contact_id, kind, created_at FROM activities
WHERE workspace_id = $1 AND created_at > $2 AND created_at <= $3 AND kind = ANY ($5::text[]) ORDER BY created_at LIMIT $4
"""

_CHANGES = """
SELECT a.position - a.size + m.place AS position, m.segment_id, m.contact_id, m.kind, m.at
FROM membership_changes AS m
JOIN membership_appends AS a ON a.workspace_id = $1 AND a.append_id = m.append_id
WHERE m.workspace_id = $1 AND m.at > $2 AND m.at <= $3 AND m.segment_id = ANY ($5::bigint[]) ORDER BY m.at LIMIT $4
"""

_CREATED = """
SELECT id, created_at FROM contacts
WHERE workspace_id = $1 AND created_at > $2 AND created_at <= $3 ORDER BY created_at LIMIT $4
"""


# ---------------------------------------------------------------- schedules


def occurrences(scope: Scope, on: Scheduled, since: datetime, until: datetime) -> Iterator[datetime]:
    """When the schedule came in (since, until], counted from the begin of the period."""
    recurrence, zone, after = read_recurrence(on.rrule), ZoneInfo(scope.timezone), since
    while (found := next_recurrence(recurrence, since, after, zone)) is not None and found <= until:
        yield found
        after = found


async def members_at(scope: Scope, segment_id: int, moment: datetime) -> Sequence[int]:
    """Who was a member then: the first change after it tells; without one, those who are members now."""
    rows = await db.fetch(_MEMBERS_AT, scope.workspace_id, segment_id, moment)
    return [row["contact_id"] for row in rows]


_MEMBERS_AT = """
WITH later AS (
    SELECT DISTINCT ON (contact_id) contact_id, kind FROM membership_changes
    WHERE workspace_id = $1 AND segment_id = $2 AND at > $3 ORDER BY contact_id, at, append_id, place
)
SELECT contact_id FROM later WHERE kind = 'LEFT'
UNION ALL
SELECT m.contact_id FROM memberships AS m
WHERE m.workspace_id = $1 AND m.segment_id = $2 AND NOT EXISTS (SELECT FROM later AS l WHERE l.contact_id = m.contact_id)
ORDER BY contact_id
"""
