"""Contacts whose time zone has changed in the last days: dates come to them once all the same.

A change is known from the moment on at which it is committed: as a mark, as the signal that it becomes, and then here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from models import db
from models.workflows.graph.events import DateReached
from models.workflows.graph.tree import Zone
from models.workflows.listeners import ZONE
from models.workflows.run import Run
from models.workflows.timed.progress import timed_triggers
from models.workflows.timing.zone_changes import Stay, stays_of

REACH: Final = timedelta(days=7)
"""A local time comes in all zones within two days, and months of an offset, counted in the calendars of two zones, end four days
apart at most. What changed longer ago decides nothing any more."""

Changes = dict[int, list[tuple[str | None, datetime]]]
"""By contact, the zones that it had, each with when it changed; None: the workspace's."""


async def remember(run: Run) -> None:
    """Keeps the changes of which this batch hears, while a date comes by the zones of contacts."""
    if not any(
        isinstance(trigger.on, DateReached) and plan.graph.zone is Zone.CONTACT for plan, trigger in timed_triggers(run)
    ):
        return
    heard = changes_heard(run)
    rows = [(contact_id, zone, at) for contact_id, changes in heard.items() for zone, at in changes]
    if rows:
        await db.execute(_FORGET, run.workspace_id, run.now - REACH)
        await db.execute(_REMEMBER, run.workspace_id, *map(list, zip(*rows, strict=True)))


_FORGET: Final = "DELETE FROM workflow_zone_changes WHERE workspace_id = $1 AND at < $2"

_REMEMBER: Final = """
    INSERT INTO workflow_zone_changes (workspace_id, contact_id, zone, at)
    SELECT $1, contact_id, zone, at FROM unnest($2::bigint[], $3::text[], $4::timestamptz[]) AS n (contact_id, zone, at)
    ON CONFLICT (workspace_id, contact_id, at) DO NOTHING
"""


def changes_heard(run: Run) -> Changes:
    """Those of which this batch hears."""
    heard: Changes = {}
    for one in run.happened_with(ZONE):
        if one.detail is not None:
            heard.setdefault(one.contact_id, []).append((one.detail["was"], _at(run, one.at)))
    return heard


def _at(run: Run, at: datetime) -> datetime:
    """Marks have PostgreSQL's time, whose clock may be ahead."""
    return min(at, run.now)


async def of(run: Run, contact_ids: Sequence[int]) -> Changes:
    """All that are known of these contacts, in the order of time, also those of which no batch has heard yet."""
    changes: Changes = {}
    for row in await db.fetch(_KNOWN, run.workspace_id, list(contact_ids), run.now - REACH):
        changes.setdefault(row["contact_id"], []).append((row["zone"], _at(run, row["at"])))
    return changes


# In one statement: a mark becomes a signal, and a signal a row, between two of them.
_KNOWN: Final = """
    SELECT contact_id, zone, at FROM workflow_zone_changes
    WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[]) AND at > $3
    UNION
    SELECT contact_id, detail ->> 'was', at FROM workflow_signals
    WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[]) AND source = 'timezone' AND detail IS NOT NULL
    UNION
    SELECT d.contact_id, nullif(substr(word, 11), ''), d.marked_at FROM dirty_contacts AS d, unnest(d.fields) AS word
    WHERE d.workspace_id = $1 AND d.contact_id = ANY ($2::bigint[]) AND word LIKE 'timezone-:%'
    ORDER BY at
"""


async def stays(
    run: Run, contact_ids: Sequence[int], changes: Changes, workspace: Sequence[Stay]
) -> dict[int, list[Stay]]:
    """In which zones these contacts have lived lately; `workspace` has those of the workspace."""
    rows = await db.fetch(
        "SELECT id, timezone FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        run.workspace_id,
        list(contact_ids),
    )
    last = workspace[-1].until
    return {row["id"]: stays_of([*changes.get(row["id"], ()), (row["timezone"], last)], workspace) for row in rows}
