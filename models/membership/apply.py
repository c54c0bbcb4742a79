"""Applies a difference to members, counts and log, in the caller's transaction."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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

    def count(self, rows: Iterable[Iterable[int]]) -> int:
        """Rows of a segment, how many more members it has, and how many changes were logged. Returns these in all."""
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
    removed = await _changed(_REMOVE, append, difference, entered=False)
    added = await _changed(_ADD, append, difference, entered=True)
    changes = [*removed, *added]
    if changes:
        kinds = ["LEFT"] * len(removed) + ["ENTERED"] * len(added)
        columns = [kinds, *map(list, zip(*changes, strict=True))]
        log, values = _LOG.for_rows(columns)
        await db.execute(log, append.workspace_id, append.id, append.size, append.at, *values)
        append.deltas.update(segment_id for segment_id, _, _ in added)
        append.deltas.subtract(segment_id for segment_id, _, _ in removed)
        append.size += len(changes)
    return len(changes)


async def _changed(forms: "_Forms", append: Append, difference: Difference, *, entered: bool) -> Sequence[Record]:
    """Rows that conflict or are gone are left out: another transaction wrote and logged them."""
    some = difference.only(is_entered is entered for is_entered in difference.entered)
    if not some:
        return ()
    statement, values = forms.for_rows([some.segment_ids, some.contact_ids, some.origins])
    return await db.fetch(statement, append.workspace_id, *values, *((append.at,) if entered else ()))


@dataclass(frozen=True, slots=True)
class _Forms:
    """A statement that writes several rows, whose parameters are arrays, and the same for one row, with plain parameters.

    Most edits change one member, and a cluster plans a write of one row in half the time.
    """

    several: str
    one: str

    def for_rows(self, columns: Sequence[list[Any]]) -> tuple[str, Sequence[Any]]:
        """Returns the statement, and the parameters for these columns."""
        if len(columns[0]) == 1:
            return self.one, [column[0] for column in columns]
        return self.several, columns


# Statements of their own, with a table in FROM: a cluster copies the rows of an INSERT inside a WITH to all nodes, and needs two
# steps for an INSERT .. SELECT that returns rows and reads no table.
_ADD = _Forms(
    several="""
INSERT INTO memberships (workspace_id, segment_id, contact_id, origin, joined_at)
SELECT w.id, d.segment_id, d.contact_id, d.origin, $5
FROM workspaces AS w CROSS JOIN unnest($2::bigint[], $3::bigint[], $4::text[]) AS d (segment_id, contact_id, origin)
WHERE w.id = $1
ORDER BY d.segment_id, d.contact_id
ON CONFLICT DO NOTHING
RETURNING segment_id, contact_id, origin
""",
    one="""
INSERT INTO memberships (workspace_id, segment_id, contact_id, origin, joined_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING segment_id, contact_id, origin
""",
)

_REMOVE = _Forms(
    several="""
DELETE FROM memberships AS m
USING unnest($2::bigint[], $3::bigint[], $4::text[]) AS d (segment_id, contact_id, origin)
WHERE m.workspace_id = $1 AND m.segment_id = d.segment_id AND m.contact_id = d.contact_id
RETURNING m.segment_id, m.contact_id, d.origin
""",
    one="""
DELETE FROM memberships WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = $3
RETURNING segment_id, contact_id, $4::text
""",
)

_LOG = _Forms(
    several="""
INSERT INTO membership_changes (workspace_id, append_id, place, kind, segment_id, contact_id, origin, at)
SELECT $1, $2, $3::integer + d.place, d.kind, d.segment_id, d.contact_id, d.origin, $4
FROM unnest($5::text[], $6::bigint[], $7::bigint[], $8::text[]) WITH ORDINALITY AS d (kind, segment_id, contact_id, origin, place)
""",
    one="""
INSERT INTO membership_changes (workspace_id, append_id, place, at, kind, segment_id, contact_id, origin)
VALUES ($1, $2, $3::integer + 1, $4, $5, $6, $7, $8)
""",
)


async def move(
    append: Append,
    segment_id: int,
    contact_ids: Sequence[int],
    *,
    entered: bool,
    origin: Origin,
    behind: db.Pipeline | None = None,
) -> int:
    """Puts contacts, each once, into one segment or takes them out. Returns the number of real changes.

    Nobody waits for what is written by `behind`, where it is given. The caller holds the swap lock of the segment. Raises
    db.UniqueViolation, or `behind` does, when SQL from outside puts one of them in meanwhile.
    """
    workspace_id = append.workspace_id
    if entered:
        members = {row[0] for row in await db.fetch(_MEMBERS_AMONG, workspace_id, segment_id, contact_ids)}
        changed = [one for one in contact_ids if one not in members] if members else contact_ids
        if changed:
            add = db.execute if behind is None else behind.execute_next
            await add(_ADD_TO_ONE, workspace_id, segment_id, sorted(changed), origin.value, append.at)
    else:
        rows = await db.fetch(_REMOVE_FROM_ONE, workspace_id, segment_id, contact_ids)
        changed = contact_ids if len(rows) == len(contact_ids) else [row[0] for row in rows]
    if not changed:
        return 0
    execute = db.execute if behind is None else behind.execute
    word = "ENTERED" if entered else "LEFT"
    await execute(_LOG_OF_ONE, workspace_id, append.id, append.size, append.at, segment_id, changed, word, origin.value)
    return append.count([(segment_id, len(changed) if entered else -len(changed), len(changed))])


# The caller holds the swap lock of the segment: only SQL from outside can come between this and _ADD_TO_ONE, which then
# fails, and the caller tries again. The index is read once, for all: ON CONFLICT, or a look-up for each, costs more.
_MEMBERS_AMONG = """
SELECT contact_id FROM memberships WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = ANY ($3::bigint[])
"""

_ADD_TO_ONE = """
INSERT INTO memberships (workspace_id, segment_id, contact_id, origin, joined_at)
SELECT $1, $2, d.contact_id, $4, $5 FROM unnest($3::bigint[]) AS d (contact_id)
"""

_REMOVE_FROM_ONE = """
DELETE FROM memberships WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = ANY ($3::bigint[]) RETURNING contact_id
"""

_LOG_OF_ONE = """
INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
SELECT $1, $2, $3::integer + d.place, $5, d.contact_id, $7, $8, $4
FROM unnest($6::bigint[]) WITH ORDINALITY AS d (contact_id, place)
"""


async def write_from(append: Append, table: str) -> int:
    """As `write`, for the rows of `table` (segment_id, contact_id, entered, origin): millions, which stay in PostgreSQL."""
    rows = await db.fetch(_WRITE_FROM.format(table=table), append.workspace_id, append.id, append.size, append.at)
    return append.count(rows)


_WRITE_FROM = """
WITH difference AS MATERIALIZED (
    SELECT * FROM {table} AS d (segment_id, contact_id, entered, origin)
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
    position = None if written else await _raise_head(append)
    if position is None and (written or append.size):
        counted.update(await captured.log(append.workspace_id, append.at, written, append.id))
    position = await log_append.close(append, position)
    deltas = {segment_id: delta for segment_id, delta in sorted(counted.items()) if delta}
    if deltas:
        count, values = _COUNT.for_rows([list(deltas), list(deltas.values())])
        await db.execute(count, append.workspace_id, *values)
    return position


async def _raise_head(append: Append) -> int | None:
    """None while changes wait that SQL made, and that may come before these; also when there is nothing, or no head yet."""
    if not append.size:
        return None
    position: int | None = await db.fetch_value(_RAISE_HEAD, append.workspace_id, append.size)
    return position


_RAISE_HEAD = """
UPDATE membership_heads SET position = position + $2
WHERE workspace_id = $1 AND NOT EXISTS (SELECT 1 FROM captured_members WHERE workspace_id = $1)
RETURNING position
"""

_COUNT = _Forms(
    several="""
UPDATE segments AS s SET member_count = s.member_count + d.delta
FROM unnest($2::bigint[], $3::bigint[]) AS d (segment_id, delta)
WHERE s.workspace_id = $1 AND s.id = d.segment_id
""",
    one="UPDATE segments SET member_count = member_count + $3 WHERE workspace_id = $1 AND id = $2",
)
