"""Members that SQL wrote: triggers capture each change, and it is logged before anything that follows from it.

Who changes the same contact in the same segment waits for the writer's commit, and then finds what was captured. So an append
that first logs what is captured of its own contacts and segments keeps the order of each.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Final

from models import db
from models.changelog import append as log_append
from models.changelog.members import MEMBERS
from models.membership.dirty_contacts import Marks
from models.rules.contact_changes import rules_to_evaluate

Pair = tuple[int, int]
"""A segment and a contact."""


def pairs_of(marks: Marks) -> list[Pair]:
    """Of which members something may be captured: beside each captured change stands a mark that the rule is to be evaluated."""
    return [
        (segment_id, contact_id) for contact_id, changes in marks.items() for segment_id in rules_to_evaluate(changes)
    ]


async def log(workspace_id: int, at: datetime, pairs: Collection[Pair], append_id: int | None) -> Counter[int]:
    """Logs what is captured of these pairs, and of those in the open append. Returns how many more members segments have.

    Of contacts that have left a deleted segment in the log, it is counted only. LOCKS: the head of the log, then nothing.
    """
    await db.execute(_HOLD_HEAD, workspace_id)
    opened = await log_append.begin(workspace_id, MEMBERS, at)
    segment_ids, contact_ids = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    rows = await db.fetch(_LOG, workspace_id, opened.id, segment_ids, contact_ids, append_id)
    opened.size = sum(row["logged"] for row in rows)
    await log_append.close(opened)
    return Counter({row["segment_id"]: row["more"] for row in rows})


_HOLD_HEAD: Final = """
INSERT INTO membership_heads AS head (workspace_id) VALUES ($1)
ON CONFLICT (workspace_id) DO UPDATE SET position = head.position
"""

_LOG: Final = """
WITH picked AS MATERIALIZED (
    SELECT segment_id, contact_id FROM unnest($3::bigint[], $4::bigint[]) AS given (segment_id, contact_id)
    UNION SELECT segment_id, contact_id FROM membership_changes WHERE workspace_id = $1 AND append_id = $5::bigint
), captured AS (
    DELETE FROM captured_members AS m USING picked AS p
    WHERE m.workspace_id = $1 AND m.segment_id = p.segment_id AND m.contact_id = p.contact_id
    RETURNING m.segment_id, m.contact_id, m.id, m.kind, m.origin, m.at
), told AS (
    SELECT c.* FROM captured AS c
    WHERE NOT EXISTS (SELECT 1 FROM segments AS s
                      WHERE s.workspace_id = $1 AND s.id = c.segment_id AND c.contact_id <= s.logged_up_to)
), logged AS (
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, $2, row_number() OVER (ORDER BY at, id), segment_id, contact_id, kind, origin, at FROM told
)
SELECT segment_id, sum(CASE WHEN kind = 'ENTERED' THEN 1 ELSE -1 END) AS more,
       (SELECT count(*) FROM told WHERE told.segment_id = captured.segment_id) AS logged
FROM captured GROUP BY segment_id
"""
