"""WAIT_UNTIL: until an instant or a date of the contact, at a local time, on a weekday."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from models.workflows.arrivals import Arrival
from models.workflows.contact_dates import field_of, read_dates
from models.workflows.graph.actions import LatePolicy, WaitUntil
from models.workflows.graph.tree import GraphNode, Zone
from models.workflows.run import Run
from models.workflows.states import EnrollmentEnd, EnrollmentState
from models.workflows.timing.waits import Until


async def wait_until(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """Who comes when it is over goes on, goes by `skip`, or ends, as `late` says. Without a value in the field it is `skip`."""
    do = node.do
    assert isinstance(do, WaitUntil)
    until = await ends(run, node, arrivals)
    for arrival in arrivals:
        wakes_at = until.get(arrival.id)
        if wakes_at is None:
            arrival.go("skip", do.skip or do.next)
        elif wakes_at > run.now:
            arrival.wait(wakes_at)
        elif wakes_at >= arrival.node_at or arrival.state is EnrollmentState.WAITING:
            arrival.go("next", do.next)
        else:
            _is_late(arrival, do)


async def ends(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> dict[int, datetime]:
    """Without those who have no value in the field."""
    do = node.do
    assert isinstance(do, WaitUntil)
    contact_ids = {arrival.contact_id for arrival in arrivals}
    zones = await run.zones(arrivals[0].plan.graph.zone is Zone.CONTACT, contact_ids)
    values = await _values(run, do, arrivals)
    until = Until(do.offset, do.local_time, do.weekdays)
    found: dict[int, datetime] = {}
    for arrival in arrivals:
        start = do.at or values.get(arrival.contact_id) if do.at or do.field else arrival.node_at
        if start is not None:
            found[arrival.id] = until.of(start, ZoneInfo(zones[arrival.contact_id]))
    return found


def _is_late(arrival: Arrival, do: WaitUntil) -> None:
    match do.late:
        case LatePolicy.PROCEED:
            arrival.go("next", do.next)
        case LatePolicy.SKIP:
            arrival.go("skip", do.skip or do.next)
        case LatePolicy.END:
            arrival.end(EnrollmentEnd.REACHED_END, "late")


async def _values(run: Run, do: WaitUntil, arrivals: Sequence[Arrival]) -> Mapping[int, date]:
    if do.field is None or do.at is not None:
        return {}
    field = field_of(arrivals[0].plan.catalogue, do.field)
    return {} if field is None else await read_dates(run, field, [arrival.contact_id for arrival in arrivals])
