"""Writes how often contacts have entered, and who was turned away."""

from collections.abc import Mapping

from models import db
from models.workflows.run import Entry, EntryOf, Run
from models.workflows.writing.slices import last_places


async def write_entries(run: Run, pipeline: db.Pipeline) -> None:
    run.settle_entries()
    changed, run.changed_entries = run.changed_entries, {}
    known = [(*place, entry) for place, entry in changed.items() if entry.is_stored]
    left, run.newly_left = [place for place in run.newly_left if place in run.left], []
    if len(known) < len(changed):
        await _insert_entries(run, pipeline, changed)
    if known:
        columns = zip(*((*key, entry.times, entry.entered_at, entry.ended_at) for *key, entry in known), strict=True)
        await pipeline.execute(_UPDATE_ENTRIES, run.workspace_id, *columns)
    if left:
        await pipeline.execute(_END_ENTRIES, run.workspace_id, run.now, *map(list, zip(*left, strict=True)))


async def _insert_entries(run: Run, pipeline: db.Pipeline, changed: Mapping[EntryOf, Entry]) -> None:
    """Those that are not stored yet. Most are as the one before, but for the contact."""
    kinds: list[tuple[int, str, int, bool]] = []
    contact_ids, firsts = [], []
    for (workflow_id, contact_id, entry_key), entry in changed.items():
        if not entry.is_stored:
            kind = (workflow_id, entry_key, entry.times, entry.ended_at is None)
            contact_ids.append(contact_id)
            if not kinds or kind != kinds[-1]:
                kinds.append(kind)
                firsts.append(len(contact_ids))
            entry.is_stored = True
    lasts = last_places(firsts, len(contact_ids))
    columns = map(list, zip(*kinds, strict=True))
    await pipeline.execute(_INSERT_ENTRIES, run.workspace_id, run.now, contact_ids, firsts, lasts, *columns)


# Nobody else inserts: entries are read and written under the lock of the engine.
_INSERT_ENTRIES = """
INSERT INTO workflow_entries (workspace_id, workflow_id, contact_id, entry_key, times, entered_at, ended_at)
SELECT $1, slice.workflow_id, one.contact_id, slice.entry_key, slice.times, $2::timestamptz,
       CASE WHEN slice.inside THEN NULL ELSE $2::timestamptz END
FROM unnest($4::integer[], $5::integer[], $6::bigint[], $7::text[], $8::integer[], $9::boolean[])
    AS slice (first, last, workflow_id, entry_key, times, inside)
CROSS JOIN LATERAL unnest(($3::bigint[])[slice.first:slice.last]) AS one (contact_id)
"""

_UPDATE_ENTRIES = """
UPDATE workflow_entries AS e SET times = new.times, entered_at = new.entered_at, ended_at = new.ended_at
FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::integer[], $6::timestamptz[], $7::timestamptz[])
    AS new (workflow_id, contact_id, entry_key, times, entered_at, ended_at)
WHERE e.workspace_id = $1 AND e.workflow_id = new.workflow_id AND e.contact_id = new.contact_id AND e.entry_key = new.entry_key
"""

_END_ENTRIES = """
UPDATE workflow_entries AS e SET ended_at = $2
FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS ended (workflow_id, contact_id, entry_key)
WHERE e.workspace_id = $1 AND e.workflow_id = ended.workflow_id AND e.contact_id = ended.contact_id
  AND e.entry_key = ended.entry_key
"""


async def write_turned_away(run: Run, pipeline: db.Pipeline) -> None:
    if not run.turned_away:
        return
    last: dict[tuple[int, int], str] = {}
    for one in run.turned_away:
        last[one.plan.workflow_id, one.contact_id] = one.reason
        run.counts.turned_away(one.plan.workflow_id, one.plan.number, one.reason)
    rows = [(*key, reason) for key, reason in last.items()]
    await pipeline.execute(_TURN_AWAY, run.workspace_id, run.now, *map(list, zip(*rows, strict=True)))


_TURN_AWAY = """
INSERT INTO workflow_turned_away (workspace_id, workflow_id, contact_id, reason, at)
SELECT $1, workflow_id, contact_id, reason, $2
FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS new (workflow_id, contact_id, reason)
ON CONFLICT (workspace_id, workflow_id, contact_id) DO UPDATE SET reason = excluded.reason, at = excluded.at
"""
