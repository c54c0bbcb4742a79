"""WAIT: goes on when a time has passed since it arrived."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from models.rules.thresholds import Threshold, instant_of
from models.workflows.arrivals import Arrival
from models.workflows.graph.actions import Wait
from models.workflows.graph.tree import GraphNode, Zone
from models.workflows.run import Run


async def wait(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    do = node.do
    assert isinstance(do, Wait)
    until = await ends(run, node, arrivals)
    for arrival in arrivals:
        if until[arrival.id] <= run.now:
            arrival.go("next", do.next)
        else:
            arrival.wait(until[arrival.id])


async def ends(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> dict[int, datetime]:
    """Months are those of the calendar in the workflow's zone; days have 24 hours."""
    do = node.do
    assert isinstance(do, Wait)
    of_contact = arrivals[0].plan.graph.zone is Zone.CONTACT and do.duration.months > 0
    zones = await run.zones(of_contact, {arrival.contact_id for arrival in arrivals})
    threshold = Threshold(do.duration)
    return {
        arrival.id: instant_of(threshold, arrival.node_at, ZoneInfo(zones[arrival.contact_id])) for arrival in arrivals
    }
