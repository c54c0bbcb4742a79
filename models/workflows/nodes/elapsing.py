"""When a time that begins with the arrival at a node is over."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from models.rules.duration import Duration
from models.workflows.arrivals import Arrival
from models.workflows.graph.tree import Zone
from models.workflows.run import Run
from models.workflows.timing import waits


async def ends_after(run: Run, duration: Duration, arrivals: Sequence[Arrival]) -> dict[int, datetime]:
    """By enrollment; all are of one plan. Months are those of the calendar in the workflow's zone; days have 24 hours."""
    of_contact = arrivals[0].plan.graph.zone is Zone.CONTACT and duration.months > 0
    zones = await run.zones(of_contact, {arrival.contact_id for arrival in arrivals})
    return {
        arrival.id: waits.after(arrival.node_at, duration, ZoneInfo(zones[arrival.contact_id])) for arrival in arrivals
    }
