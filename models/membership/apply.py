"""Applies a difference to members, counts and log, in the caller's transaction."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models import db
from models.changelog import append as log_append
from models.changelog.append import OpenAppend
from models.changelog.members import MEMBERS
from models.db import Record
from models.membership import captured
from models.membership.engine_lock import EngineLock
from models.membership.origins import Origin


@dataclass(slots=True)
class Append(OpenAppend):
    deltas: Counter[int] = field(default_factory=Counter)

    def count(self, rows: Sequence[Record]) -> int:
        changes = 0
        for segment_id, more, logged in rows:
            self.deltas[segment_id] += more
            changes += logged
        self.size += changes
        return changes


@dataclass(frozen=True, slots=True)
class Difference:
    """Contacts to add to segments (`entered`), or to remove."""

    segment_ids: list[int]
    contact_ids: list[int]
    entered: list[bool]
    origins: list[str]

    def __len__(self) -> int:
        return len(self.segment_ids)

    def only(self, wanted: Iterable[bool]) -> "Difference":
        indexes = [index for index, is_wanted in enumerate(wanted) if is_wanted]
        return Difference(
            [self.segment_ids[index] for index in indexes],
            [self.contact_ids[index] for index in indexes],
            [self.entered[index] for index in indexes],
            [self.origins[index] for index in indexes],
        )


async def begin(workspace_id: int, at: datetime) -> Append:
    """Takes no lock. Turns the log trigger of members off: the statements here log themselves."""
    await db.execute("SET LOCAL muster.members = 'logged'")
    return Append(MEMBERS, workspace_id, at, await log_append.new_id(MEMBERS))


def begin_locked(lock: EngineLock) -> Append:
    """As `begin`, for the one append of a turn of the engine: all that it needs came with the lock."""
    return Append(MEMBERS, lock.workspace_id, lock.now, lock.append_id)


async def write(append: Append, difference: Difference) -> int:
    """Returns the number of real changes, which it logs."""
    rows = await db.fetch(
        _WRITE.format(difference="unnest($5::bigint[], $6::bigint[], $7::boolean[], $8::text[])"),
        append.workspace_id,
        append.id,
        append.size,
        append.at,
        difference.segment_ids,
        difference.contact_ids,
        difference.entered,
        difference.origins,
    )
    return append.count(rows)


# Rows that conflict or are gone were written and logged by another transaction.
_WRITE = """
WITH difference AS MATERIALIZED (
    SELECT * FROM {difference} AS d (segment_id, contact_id, entered, origin)
), removed AS (
    DELETE FROM memberships AS m USING difference AS d
    WHERE m.workspace_id = $1 AND m.segment_id = d.segment_id AND m.contact_id = d.contact_id AND NOT d.entered
    RETURNING m.segment_id, m.contact_id, d.origin
), added AS (
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin, joined_at)
    SELECT $1, d.segment_id, d.contact_id, d.origin, $4 FROM difference AS d WHERE d.entered
    ORDER BY d.segment_id, d.contact_id
    ON CONFLICT DO NOTHING
    RETURNING segment_id, contact_id, origin
), changes AS (
    SELECT segment_id, contact_id, origin, 'LEFT' AS kind FROM removed
    UNION ALL SELECT segment_id, contact_id, origin, 'ENTERED' FROM added
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, $2, $3::integer + row_number() OVER (), segment_id, contact_id, kind, origin, $4 FROM changes
)
SELECT segment_id, sum(CASE WHEN kind = 'ENTERED' THEN 1 ELSE -1 END) AS more, count(*) AS logged
FROM changes GROUP BY segment_id
"""


async def move(append: Append, segment_id: int, contact_ids: Sequence[int], *, entered: bool, origin: Origin) -> int:
    """Puts contacts, each once, into one segment or takes them out. Returns the number of real changes, which it logs."""
    rows = await db.fetch(
        _ADD if entered else _REMOVE,
        append.workspace_id,
        append.id,
        append.size,
        append.at,
        segment_id,
        list(contact_ids),
        origin.value,
    )
    return append.count(rows)


_ADD = """
WITH changed AS (
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin, joined_at)
    SELECT $1, $5, given.contact_id, $7, $4 FROM unnest($6::bigint[]) AS given (contact_id) ORDER BY given.contact_id
    ON CONFLICT DO NOTHING
    RETURNING contact_id
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, $2, $3::integer + row_number() OVER (), $5, contact_id, 'ENTERED', $7, $4 FROM changed
)
SELECT $5::bigint, count(*), count(*) FROM changed
"""

_REMOVE = """
WITH changed AS (
    DELETE FROM memberships WHERE workspace_id = $1 AND segment_id = $5 AND contact_id = ANY ($6::bigint[]) RETURNING contact_id
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, $2, $3::integer + row_number() OVER (), $5, contact_id, 'LEFT', $7, $4 FROM changed
)
SELECT $5::bigint, -count(*), count(*) FROM changed
"""


async def write_from(append: Append, table: str) -> int:
    """Does the same for the rows of `table` (segment_id, contact_id, entered, origin)."""
    rows = await db.fetch(_WRITE.format(difference=table), append.workspace_id, append.id, append.size, append.at)
    return append.count(rows)


async def remove_deleted(append: Append, contact_ids: Collection[int], leave: Collection[int]) -> int:
    """Remove contacts that no longer exist from all segments but `leave`. Logs what a backfill has not logged."""
    rows = await db.fetch(
        _REMOVE_DELETED, append.workspace_id, append.id, append.size, append.at, list(contact_ids), list(leave)
    )
    return append.count(rows)


_REMOVE_DELETED = """
WITH deleted AS MATERIALIZED (
    SELECT d.contact_id FROM unnest($5::bigint[]) AS d (contact_id)
    WHERE NOT EXISTS (SELECT FROM contacts AS c WHERE c.workspace_id = $1 AND c.id = d.contact_id)
), overrides AS (
    DELETE FROM membership_overrides AS o USING deleted
    WHERE o.workspace_id = $1 AND o.contact_id = deleted.contact_id
), removed AS (
    DELETE FROM memberships AS m USING deleted
    WHERE m.workspace_id = $1 AND m.contact_id = deleted.contact_id AND NOT m.segment_id = ANY ($6::bigint[])
    RETURNING m.segment_id, m.contact_id, m.origin
), changes AS (
    SELECT removed.* FROM removed
    WHERE NOT EXISTS (SELECT FROM segments AS s
                      WHERE s.workspace_id = $1 AND s.id = removed.segment_id AND removed.contact_id <= s.logged_up_to)
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, $2, $3::integer + row_number() OVER (), segment_id, contact_id, 'LEFT', origin, $4 FROM changes
)
SELECT segment_id, -count(*) AS more,
       (SELECT count(*) FROM changes WHERE changes.segment_id = removed.segment_id) AS logged
FROM removed GROUP BY segment_id
"""


async def close(append: Append, written: Collection[captured.Pair] = ()) -> int | None:
    """Give the changes positions and update the counts. Returns the last position; None without changes.

    What SQL did before to the same members, and to those that are `written`, is logged before.
    LOCKS: the head of the log. Call it last: until the commit no other transaction of the workspace can append.
    """
    counted = Counter(append.deltas)
    position = None if written else await log_append.close(append, unless_captured=True)
    if position is None and (written or append.size):
        counted.update(await captured.log(append.workspace_id, append.at, written, append.id))
        position = await log_append.close(append)
    deltas = {segment_id: delta for segment_id, delta in sorted(counted.items()) if delta}
    if deltas:
        await db.execute(_COUNT, append.workspace_id, list(deltas), list(deltas.values()))
    return position


_COUNT = """
UPDATE segments AS s SET member_count = s.member_count + d.delta
FROM unnest($2::bigint[], $3::bigint[]) AS d (segment_id, delta)
WHERE s.workspace_id = $1 AND s.id = d.segment_id
"""
