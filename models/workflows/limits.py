"""Limits of nodes: how often a contact, and everybody together, may pass one, and how soon again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from models import db
from models.rules.thresholds import Threshold, instant_of
from models.workflows.arrivals import PAUSED, PENDING, TICK, Arrival
from models.workflows.graph.tree import GraphNode, Limit
from models.workflows.run import Run
from models.workflows.states import EnrollmentEnd, EnrollmentState

LIMITED = "limited"
EVERYBODY = 0
"""In place of a contact's id: the passes of all."""


@dataclass(slots=True)
class Visits:
    times: int
    last_at: datetime | None
    more: int = 0


async def those_within(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals that may pass, each counted. Others go where the limit leads, wait here for the cool-down, or end."""
    limit = node.limit
    if limit is None:
        return list(arrivals)
    asked = [arrival for arrival in arrivals if is_asked(arrival)]
    visits = await _load(run, node, asked)
    refused = {id(arrival) for arrival in asked if not _passes(run, limit, visits, arrival)}
    await _store(run, node, asked, visits)
    return [arrival for arrival in arrivals if id(arrival) not in refused]


RESTS: Final = "it came by here not long ago, and the node rests for each contact"


def is_asked(arrival: Arrival) -> bool:
    """Whether the limit of its node decides about it: not again while it waits there, or the node itself holds it."""
    match arrival.state:
        case EnrollmentState.WAITING:
            return False
        case EnrollmentState.HELD:
            return arrival.reason == RESTS or (arrival.reason == PAUSED and not arrival.passed)
        case _:
            return arrival.reason not in (PENDING, TICK)


def _passes(run: Run, limit: Limit, visits: dict[int, Visits], arrival: Arrival) -> bool:
    own, all_ = visits[arrival.contact_id], visits[EVERYBODY]
    rests_until = _rests_until(limit, own, arrival)
    if _is_reached(limit.total, all_) or _is_reached(limit.per_contact, own):
        _refuse(limit, arrival, None)
    elif rests_until is not None and rests_until > run.now:
        _refuse(limit, arrival, rests_until)
    else:
        for one in (own, all_):
            one.times, one.more, one.last_at = one.times + 1, one.more + 1, run.now
        return True
    return False


def _is_reached(most: int | None, visits: Visits) -> bool:
    return most is not None and visits.times >= most


def _rests_until(limit: Limit, own: Visits, arrival: Arrival) -> datetime | None:
    if limit.cooldown is None or own.last_at is None:
        return None
    return instant_of(Threshold(limit.cooldown), own.last_at, ZoneInfo(arrival.plan.scope.timezone))


def _refuse(limit: Limit, arrival: Arrival, rests_until: datetime | None) -> None:
    if limit.next is not None:
        arrival.go(LIMITED, limit.next)
    elif rests_until is not None:
        arrival.hold(RESTS, rests_until)
    else:
        arrival.end(EnrollmentEnd.REACHED_END, LIMITED)


async def _load(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> dict[int, Visits]:
    visits = {contact_id: Visits(0, None) for contact_id in (EVERYBODY, *(one.contact_id for one in arrivals))}
    if arrivals:
        plan = arrivals[0].plan
        number = plan.numbers[node.key]
        for row in await db.fetch(_LOAD, run.workspace_id, plan.workflow_id, number, list(visits)):
            visits[row["contact_id"]] = Visits(row["times"], row["last_at"])
    return visits


async def _store(run: Run, node: GraphNode, arrivals: Sequence[Arrival], visits: dict[int, Visits]) -> None:
    changed = {contact_id: one for contact_id, one in visits.items() if one.more}
    if changed:
        plan = arrivals[0].plan
        times = [one.times for one in changed.values()]
        number = plan.numbers[node.key]
        await db.execute(_STORE, run.workspace_id, plan.workflow_id, number, list(changed), times, run.now)


_LOAD = """
SELECT contact_id, times, last_at FROM workflow_node_visits
WHERE workspace_id = $1 AND workflow_id = $2 AND node = $3 AND contact_id = ANY ($4::bigint[])
"""

_STORE = """
INSERT INTO workflow_node_visits AS v (workspace_id, workflow_id, node, contact_id, times, last_at)
SELECT $1, $2, $3, contact_id, times, $6 FROM unnest($4::bigint[], $5::integer[]) AS new (contact_id, times)
ON CONFLICT (workspace_id, workflow_id, node, contact_id) DO UPDATE SET times = excluded.times, last_at = excluded.last_at
"""
