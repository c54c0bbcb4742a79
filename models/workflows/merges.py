"""A contact that was merged into another goes on once: as the contact that was kept, to which what it did belongs now."""

from collections.abc import Mapping, Sequence
from typing import Final

from models import db
from models.contacts import aliases
from models.workflows import wakes
from models.workflows.arrivals import Arrival
from models.workflows.run import Run
from models.workflows.sources import MERGED
from models.workflows.states import EnrollmentEnd
from models.workflows.walk import walk

INSIDE_ALREADY: Final = "it was merged into a contact that is inside already"


async def follow(run: Run) -> None:
    """The enrollments, entries, visits and kept segments of merged contacts become those of the contacts that were kept."""
    await _give_activities(run)
    told = [one.contact_id for one in run.happened_with(MERGED)]
    kept_of = await aliases.survivors(run.workspace_id, told)  # none of a merge that was undone meanwhile
    if not kept_of:
        return
    arrivals = await wakes.of_contacts(run, [*kept_of, *kept_of.values()])
    moved = _who_moves(kept_of, arrivals)
    _give_ended(run, kept_of, arrivals)
    merged, kept = list(kept_of), list(kept_of.values())
    for statement in (_ENTRIES, _VISITS):
        await db.execute(statement, run.workspace_id, merged, kept)
    await db.execute(_KEEPS, run.workspace_id, merged, kept, run.now)
    if moved:
        ids, contact_ids = [arrival.id for arrival in moved], [arrival.contact_id for arrival in moved]
        await db.execute(_ENROLLMENTS, run.workspace_id, ids, contact_ids)
    await walk(run, [arrival for arrival in arrivals if arrival.ended is None])


async def _give_activities(run: Run) -> None:
    """What a merged contact did shortly before is heard as its own, maybe after the merge: it is the kept contact's."""
    told = [one for one in run.happened if one.activity_id is not None]
    kept_of = await aliases.survivors(run.workspace_id, {one.contact_id for one in told})
    if not kept_of:
        return
    for row in await db.fetch(_UNTOLD, run.workspace_id, list(kept_of), MERGED):
        del kept_of[row["contact_id"]]  # until a later batch hears of the merge, its enrollments are where they were
    for one in told:
        one.contact_id = kept_of.get(one.contact_id, one.contact_id)


_UNTOLD = """
SELECT DISTINCT contact_id FROM workflow_signals WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[]) AND source = $3
"""


def _who_moves(kept_of: Mapping[int, int], arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Ends those whose kept contact is inside the same workflow already, with the same key."""
    inside = {_key(arrival, arrival.contact_id) for arrival in arrivals if arrival.contact_id not in kept_of}
    moved = []
    for arrival in arrivals:
        kept_id = kept_of.get(arrival.contact_id)
        if kept_id is None:
            continue
        if _key(arrival, kept_id) in inside:
            arrival.end(EnrollmentEnd.REMOVED, reason=INSIDE_ALREADY)
        else:
            inside.add(_key(arrival, kept_id))
            arrival.contact_id = kept_id
            moved.append(arrival)
    return moved


def _give_ended(run: Run, kept_of: Mapping[int, int], inside: Sequence[Arrival]) -> None:
    """Those that had ended when they were read: their entries, which are the kept contact's now, end with them."""
    taken = {_key(arrival, arrival.contact_id) for arrival in inside if arrival.ended is None}
    known = set(map(id, inside))
    for arrival in run.arrivals:
        kept_id = kept_of.get(arrival.contact_id)
        if kept_id is not None and id(arrival) not in known and _key(arrival, kept_id) not in taken:
            arrival.contact_id = kept_id


def _key(arrival: Arrival, contact_id: int) -> tuple[int, int, str]:
    return arrival.plan.workflow_id, contact_id, arrival.entry_key


_ENROLLMENTS = """
UPDATE enrollments AS e SET contact_id = moved.contact_id
FROM unnest($2::bigint[], $3::bigint[]) AS moved (id, contact_id) WHERE e.workspace_id = $1 AND e.id = moved.id
"""

_ENTRIES = """
WITH gone AS (
    DELETE FROM workflow_entries AS e USING unnest($2::bigint[], $3::bigint[]) AS merge (merged, kept)
    WHERE e.workspace_id = $1 AND e.contact_id = merge.merged
    RETURNING e.workflow_id, merge.kept, e.entry_key, e.times, e.entered_at, coalesce(e.ended_at, 'infinity') AS ended_at
)
INSERT INTO workflow_entries AS known (workspace_id, workflow_id, contact_id, entry_key, times, entered_at, ended_at)
SELECT $1, workflow_id, kept, entry_key, sum(times), max(entered_at), nullif(max(ended_at), 'infinity')
FROM gone GROUP BY workflow_id, kept, entry_key
ON CONFLICT (workspace_id, workflow_id, contact_id, entry_key) DO UPDATE SET
    times = known.times + excluded.times, entered_at = greatest(known.entered_at, excluded.entered_at),
    ended_at = CASE WHEN known.ended_at IS NULL OR excluded.ended_at IS NULL THEN NULL
                    ELSE greatest(known.ended_at, excluded.ended_at) END
"""

_VISITS = """
WITH gone AS (
    DELETE FROM workflow_node_visits AS v USING unnest($2::bigint[], $3::bigint[]) AS merge (merged, kept)
    WHERE v.workspace_id = $1 AND v.contact_id = merge.merged
    RETURNING v.workflow_id, v.node, merge.kept, v.times, v.last_at
)
INSERT INTO workflow_node_visits AS known (workspace_id, workflow_id, node, contact_id, times, last_at)
SELECT $1, workflow_id, node, kept, sum(times), max(last_at) FROM gone GROUP BY workflow_id, node, kept
ON CONFLICT (workspace_id, workflow_id, node, contact_id) DO UPDATE SET
    times = known.times + excluded.times, last_at = greatest(known.last_at, excluded.last_at)
"""

# Another node's time is not shortened. The kept contact may be a member since the merge.
_KEEPS = """
WITH gone AS (
    DELETE FROM workflow_keeps AS k USING unnest($2::bigint[], $3::bigint[]) AS merge (merged, kept)
    WHERE k.workspace_id = $1 AND k.contact_id = merge.merged
    RETURNING k.segment_id, merge.kept, k.workflow_id, k.node, k.until, k.test_id
)
INSERT INTO workflow_keeps AS known (workspace_id, segment_id, contact_id, workflow_id, node, until, test_id, kept_at)
SELECT DISTINCT ON (gone.segment_id, gone.kept) $1::bigint, gone.segment_id, gone.kept, gone.workflow_id, gone.node, gone.until,
       gone.test_id, greatest($4::timestamptz, m.joined_at)
FROM gone LEFT JOIN memberships AS m ON m.workspace_id = $1 AND m.segment_id = gone.segment_id AND m.contact_id = gone.kept
ORDER BY gone.segment_id, gone.kept, gone.until DESC
ON CONFLICT (workspace_id, segment_id, contact_id) DO UPDATE SET
    until = greatest(known.until, excluded.until), kept_at = excluded.kept_at
"""
