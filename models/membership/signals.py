"""Tells workflows what changed of contacts, in the transaction that makes members right for it.

So the reader of a signal finds segments that include what it tells.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from models import db
from models.membership.causes import Causes
from models.membership.dirty_contacts import Marks
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.contact_changes import CREATED, DELETED, ContactChange, field_changed, zone_before

_ZONE: Final = field_changed("timezone")

_NAMES: Final = {CREATED: "created", DELETED: "deleted"}
"""Of marks that are no words yet (models/workflows/sources.py)."""


async def write(workspace_id: int, rows: Sequence[db.Record], scored: Marks, led: Causes | None, now: datetime) -> None:
    """For each mark (a row of `dirty_contacts.claim`) a signal for each of its words that a workflow listens to.

    `scored`: the scores that changed by this batch, at `now`; `led`: what led to that.
    """
    await enqueue(work.PROCESS_WORKFLOWS, workspace_id)
    listened = {row["source"] for row in await db.fetch(_LISTENED, workspace_id)}
    signals = [
        (row["contact_id"], word, row["activity_id"], row["marked_at"], row["cause"], _detail(word, row["fields"]))
        for row in sorted(rows, key=lambda row: row["id"])
        for word in (_NAMES.get(field, field) for field in row["fields"])
        if word in listened
    ]
    signals += [
        (contact_id, word, None, now, None if led is None else led.text_of(contact_id, (word,)), None)
        for contact_id, changes in sorted(scored.items())
        for word in sorted(changes & listened)
    ]
    if signals:
        await db.execute(_WRITE, workspace_id, *map(list, zip(*signals, strict=True)))


def _detail(word: ContactChange, changes: Sequence[ContactChange]) -> str | None:
    """Of another time zone, the one before."""
    before = zone_before(changes) if word == _ZONE else None
    return None if before is None else db.dump_json({"was": before[0]})


_LISTENED = """
SELECT DISTINCT source FROM workflow_sources WHERE workspace_id = $1 AND source NOT LIKE 'segment:%'
"""

_WRITE = """
INSERT INTO workflow_signals (workspace_id, contact_id, source, activity_id, at, cause, detail)
SELECT $1, contact_id, source, activity_id, at, cause, detail
FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[], $7::jsonb[]) WITH ORDINALITY
    AS new (contact_id, source, activity_id, at, cause, detail, place)
ORDER BY place
"""


async def record_causes(workspace_id: int, led: Causes, position: int, size: int) -> None:
    """Which workflows led to the changes of members at the positions (`position` - `size`, `position`]."""
    rows = [(segment_id, contact_id, "|".join(causes)) for (segment_id, contact_id), causes in led.moved.items()]
    if rows:
        columns = map(list, zip(*rows, strict=True))
        await db.execute(_CAUSES, workspace_id, position, position - size, *columns)


_CAUSES = """
INSERT INTO workflow_causes (workspace_id, position, contact_id, segment_id, after_position, cause)
SELECT $1, $2, contact_id, segment_id, $3, cause
FROM unnest($4::bigint[], $5::bigint[], $6::text[]) AS new (segment_id, contact_id, cause)
WHERE EXISTS (SELECT FROM workflow_sources AS s WHERE s.workspace_id = $1 AND s.source = 'segment:' || new.segment_id)
"""
