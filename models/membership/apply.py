"""The difference applied: members, counts and log, in the caller's transaction.

The changes of a transaction are one append to the log. They are written as they come; `close` gives them their positions, last
of all, because from then on no other transaction of the workspace can append until the commit.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models import db
from models.changelog import append as log_append
from models.changelog.append import OpenAppend
from models.changelog.members import MEMBERS
from models.db import Record


@dataclass(slots=True)
class Append(OpenAppend):
    """What a transaction adds to the log of members, and by how much the counts of segments change with it."""

    deltas: Counter[int] = field(default_factory=Counter)

    def count(self, rows: Sequence[Record]) -> int:
        """Take note of rows (segment_id, how many members more, how many changes logged); gives the changes."""
        told = 0
        for segment_id, more, logged in rows:
            self.deltas[segment_id] += more
            told += logged
        self.size += told
        return told


@dataclass(frozen=True, slots=True)
class Difference:
    """Contacts that are not where they belong: `entered` tells which way each has to go."""

    segment_ids: list[int]
    contact_ids: list[int]
    entered: list[bool]
    origins: list[str]

    def __len__(self) -> int:
        return len(self.segment_ids)

    def only(self, wanted: Iterable[bool]) -> "Difference":
        """Those rows for which `wanted`, row by row, is true."""
        places = [place for place, is_wanted in enumerate(wanted) if is_wanted]
        return Difference(
            [self.segment_ids[place] for place in places],
            [self.contact_ids[place] for place in places],
            [self.entered[place] for place in places],
            [self.origins[place] for place in places],
        )


async def begin(workspace_id: int, at: datetime) -> Append:
    """Start to append; nothing is locked yet. Our statements log for themselves: the trigger on members is set aside."""
    await db.execute("SET LOCAL muster.members = 'logged'")
    return Append(MEMBERS, workspace_id, at, await log_append.new_id(MEMBERS))


async def write(append: Append, difference: Difference) -> int:
    """Put members in and take them out, and log what really changed. Gives how many changes that were."""
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


# What is there already, or gone already, was written and logged by somebody else.
_WRITE = """
WITH difference AS MATERIALIZED (
    SELECT * FROM {difference} AS d (segment_id, contact_id, entered, origin)
), gone AS (
    DELETE FROM memberships AS m USING difference AS d
    WHERE m.workspace_id = $1 AND m.segment_id = d.segment_id AND m.contact_id = d.contact_id AND NOT d.entered
    RETURNING m.segment_id, m.contact_id, d.origin
), come AS (
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin, joined_at)
    SELECT $1, d.segment_id, d.contact_id, d.origin, $4 FROM difference AS d WHERE d.entered
    ORDER BY d.segment_id, d.contact_id
    ON CONFLICT DO NOTHING
    RETURNING segment_id, contact_id, origin
), told AS (
    SELECT segment_id, contact_id, origin, 'LEFT' AS kind FROM gone
    UNION ALL SELECT segment_id, contact_id, origin, 'ENTERED' FROM come
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, $2, $3::integer + row_number() OVER (), segment_id, contact_id, kind, origin, $4 FROM told
)
SELECT segment_id, sum(CASE kind WHEN 'ENTERED' THEN 1 ELSE -1 END) AS more, count(*) AS logged FROM told GROUP BY segment_id
"""


async def write_from(append: Append, table: str) -> int:
    """The same for the rows of a table (segment_id, contact_id, entered, origin) of the caller's making."""
    rows = await db.fetch(_WRITE.format(difference=table), append.workspace_id, append.id, append.size, append.at)
    return append.count(rows)


async def remove_deleted(append: Append, contact_ids: Collection[int], leave: Collection[int]) -> int:
    """Take contacts that are no more out of every segment but those of `leave`, with what was said about them.

    Leaving a deleted segment is not told where that was told when it was deleted. Gives how many changes were told.
    """
    rows = await db.fetch(
        _REMOVE_DELETED, append.workspace_id, append.id, append.size, append.at, list(contact_ids), list(leave)
    )
    return append.count(rows)


_REMOVE_DELETED = """
WITH dead AS MATERIALIZED (
    SELECT d.contact_id FROM unnest($5::bigint[]) AS d (contact_id)
    WHERE NOT EXISTS (SELECT FROM contacts AS c WHERE c.workspace_id = $1 AND c.id = d.contact_id)
), words AS (
    DELETE FROM membership_overrides AS o USING dead
    WHERE o.workspace_id = $1 AND o.contact_id = dead.contact_id
), gone AS (
    DELETE FROM memberships AS m USING dead
    WHERE m.workspace_id = $1 AND m.contact_id = dead.contact_id AND NOT m.segment_id = ANY ($6::bigint[])
    RETURNING m.segment_id, m.contact_id, m.origin
), told AS (
    SELECT gone.* FROM gone
    WHERE NOT EXISTS (SELECT FROM segments AS s
                      WHERE s.workspace_id = $1 AND s.id = gone.segment_id AND gone.contact_id <= s.logged_up_to)
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, $2, $3::integer + row_number() OVER (), segment_id, contact_id, 'LEFT', origin, $4 FROM told
)
SELECT segment_id, -count(*) AS more, (SELECT count(*) FROM told WHERE told.segment_id = gone.segment_id) AS logged
FROM gone GROUP BY segment_id
"""


async def close(append: Append) -> int | None:
    """Give the changes their positions and bring the counts up to date. The head of the log is locked from here on.

    Gives the last position, or None when there was nothing to append.
    """
    position = await log_append.close(append)
    deltas = {segment_id: delta for segment_id, delta in sorted(append.deltas.items()) if delta}
    if deltas:
        await db.execute(_COUNT, append.workspace_id, list(deltas), list(deltas.values()))
    return position


_COUNT = """
UPDATE segments AS s SET member_count = s.member_count + d.delta
FROM unnest($2::bigint[], $3::bigint[]) AS d (segment_id, delta)
WHERE s.workspace_id = $1 AND s.id = d.segment_id
"""
