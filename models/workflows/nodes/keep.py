"""SEGMENT_KEEP: puts the contact into a segment for a time."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from models.workflows import keeps
from models.workflows.arrivals import Arrival, go_together
from models.workflows.graph.actions import SegmentKeep
from models.workflows.graph.tree import GraphNode, Zone
from models.workflows.keeps import Keep
from models.workflows.nodes import segments
from models.workflows.run import Run
from models.workflows.timing import waits


async def keep(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """It goes on at once. When the time is over it is taken out, whatever became of the enrollment."""
    do = node.do
    assert isinstance(do, SegmentKeep)
    await keeps.forget_those_who_left(run, do.segment_id, [arrival.contact_id for arrival in arrivals])
    if not await segments.change(run, do.segment_id, arrivals, entered=True):
        for arrival in arrivals:
            arrival.fail("the segment is gone, or is no longer one whose members can be chosen")
        return
    of_contact = arrivals[0].plan.graph.zone is Zone.CONTACT and do.duration.months > 0
    zones = await run.zones(of_contact, {arrival.contact_id for arrival in arrivals})
    untils = {
        arrival.contact_id: waits.after(run.now, do.duration, ZoneInfo(zones[arrival.contact_id]))
        for arrival in arrivals
    }
    first = arrivals[0]
    await keeps.begin(run, Keep(do.segment_id, first.plan.workflow_id, first.node_number, do.renew), untils)
    go_together(arrivals, "next", do.next)
