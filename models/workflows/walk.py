"""Moves enrollments from node to node, all who are at one node together, until each waits or has ended."""

from collections.abc import Sequence

import structlog

from models import db
from models.errors import MusterError
from models.workflows import limits
from models.workflows.arrivals import Arrival
from models.workflows.graph.tree import GraphNode
from models.workflows.nodes.table import ENDS, SETTLE
from models.workflows.run import Run
from models.workflows.states import EnrollmentEnd, EnrollmentState

log = structlog.get_logger(__name__)

Place = tuple[int, int, int, str]
"""How early the node comes in its graph, then the workflow, its version, and the node's key."""


async def walk(run: Run, arrivals: Sequence[Arrival]) -> None:
    """Nodes that come first in their graphs are settled first, so that those on all ways to a node meet there."""
    groups: dict[Place, list[Arrival]] = {}
    _gather(groups, arrivals)
    while groups:
        group = groups.pop(min(groups))
        await _settle(run, group[0].node, group)
        _gather(groups, group)


def _gather(groups: dict[Place, list[Arrival]], arrivals: Sequence[Arrival]) -> None:
    last: tuple[object, str] | None = None
    group: list[Arrival] = []
    for arrival in arrivals:
        if arrival.is_settled:
            continue
        plan, key = arrival.plan, arrival.key
        if last != (plan, key):  # most go the way of the one before
            last, group = (plan, key), groups.setdefault((plan.order[key], plan.workflow_id, plan.number, key), [])
        group.append(arrival)


async def _settle(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    moving = await _without_those_who_stay(run, arrivals)
    if not moving:
        return
    if run.settling_one_by_one:
        await _settle_one_by_one(run, node, moving)
    else:
        await _decide(run, node, moving)


async def _decide(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    within = await limits.those_within(run, node, arrivals)
    if within:
        settle = run.instead.get(type(node.do)) or SETTLE[type(node.do)]
        await settle(run, node, within)


async def _without_those_who_stay(run: Run, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """A paused workflow holds everybody. Who goes in a circle is stopped: nodes are passed again only after a wait."""
    plan = arrivals[0].plan
    if plan.is_paused and arrivals[0].test_id is None:
        await _pause(run, arrivals)
        return []
    moving, most = [], 2 * len(plan.graph.nodes)
    for arrival in arrivals:
        if arrival.trail.length > most:
            keys = {number: key for key, number in plan.numbers.items()}
            way = " -> ".join(keys[step[0]] for step in arrival.trail.steps()[-len(plan.graph.nodes) :])
            arrival.end(EnrollmentEnd.LOOP_STOPPED, reason=f"it went in a circle without a wait: {way}")
        else:
            moving.append(arrival)
    return moving


async def _pause(run: Run, arrivals: Sequence[Arrival]) -> None:
    """Who waits, and was woken by something else than its time, has not fallen due."""
    node, passed = arrivals[0].node, [arrival for arrival in arrivals if not limits.is_asked(arrival)]
    ends = ENDS.get(type(node.do))
    due_at = {arrival.id: arrival.wake_at for arrival in arrivals}
    if ends is not None and passed:
        until = await ends(run, node, passed)
        due_at |= {arrival.id: until.get(arrival.id) for arrival in passed}
    for arrival in arrivals:
        arrival.pause(passed=not limits.is_asked(arrival), due_at=due_at.get(arrival.id))


async def _settle_one_by_one(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """After a batch has failed: what fails again is what it fails for, and no others."""
    for arrival in arrivals:
        try:
            async with db.savepoint():
                await _decide(run, node, [arrival])
        except (db.PostgresError, MusterError) as error:
            if db.is_outage(error) or db.is_passing(error):
                raise
            log.warning("a node failed", workspace=run.workspace_id, node=node.key, error=type(error).__name__)
            arrival.state, arrival.is_settled = EnrollmentState.READY, False
            arrival.fail(f"the node could not be carried out: {type(error).__name__}")
