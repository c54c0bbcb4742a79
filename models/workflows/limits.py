"""Limits of nodes: how often a contact, and everybody together, may pass one, and how soon again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from models.rules.thresholds import Threshold, instant_of
from models.workflows import visits
from models.workflows.arrivals import PAUSED, PENDING, TICK, Arrival
from models.workflows.graph.tree import GraphNode, Limit
from models.workflows.run import Run
from models.workflows.states import EnrollmentEnd, EnrollmentState
from models.workflows.visits import EVERYBODY, Visits

LIMITED = "limited"


async def those_within(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals that may pass, each counted. Others go where the limit leads, wait here for the cool-down, or end."""
    limit = node.limit
    if limit is None:
        return list(arrivals)
    asked = [arrival for arrival in arrivals if is_asked(arrival)]
    if not asked:
        return list(arrivals)
    place = (asked[0].plan.workflow_id, asked[0].plan.numbers[node.key])
    passed = await visits.load(run, place, [arrival.contact_id for arrival in asked])
    refused = {id(arrival) for arrival in asked if not _passes(run, limit, passed, arrival)}
    await visits.store(run, place, passed)
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


def _passes(run: Run, limit: Limit, passed: Mapping[int, Visits], arrival: Arrival) -> bool:
    own, all_ = passed[arrival.contact_id], passed[EVERYBODY]
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


def _is_reached(most: int | None, passed: Visits) -> bool:
    return most is not None and passed.times >= most


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
