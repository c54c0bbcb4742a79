"""ACTIVITY_RECORD: records an activity of the contact."""

from collections.abc import Sequence

from models import db
from models.queue import work
from models.queue.enqueue import enqueue
from models.workflows import holding
from models.workflows.arrivals import Arrival, go_together
from models.workflows.graph.actions import ActivityRecord
from models.workflows.graph.tree import GraphNode
from models.workflows.run import Run


async def record(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """It happened when the enrollment came by."""
    do = node.do
    assert isinstance(do, ActivityRecord)
    properties = db.dump_json(dict(do.properties))
    there = await holding.hold_read(run.held, [arrival.contact_id for arrival in arrivals])
    async for group in run.by_cause(arrivals):
        contact_ids = [arrival.contact_id for arrival in group if arrival.contact_id in there]
        await db.execute(_RECORD, run.workspace_id, contact_ids, do.kind, run.now, properties)
    await enqueue(work.PROCESS_CHANGES, run.workspace_id)
    for arrival in arrivals:
        arrival.has_changed = True
    go_together(arrivals, "next", do.next)


# They are held, so that no contact is deleted before the insert; those that are gone leave by the signal of that.
_RECORD = """
INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)
SELECT $1, contact_id, $3, $4, $5::jsonb FROM unnest($2::bigint[]) AS given (contact_id)
"""
