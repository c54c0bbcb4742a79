"""Where an endpoint stands in both logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models import db
from models.changelog import readers
from models.changelog.cursor import find_position, from_cursor, to_cursor_of_several
from models.changelog.events import EVENTS
from models.changelog.members import MEMBERS
from models.changelog.read import check_position, read_head
from models.changelog.readers import StoredReader
from models.destinations.webhooks.event_types import MEMBERSHIP_CHANGES, OF_LOG
from models.destinations.webhooks.rows import READER
from models.errors import Path
from permissions.principal import Scope


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
