"""WAIT_FOR: until something happens, or a rule holds, but no longer than a time-out."""

from collections.abc import Sequence
from datetime import datetime

from models.errors import MusterError
from models.workflows import freshness
from models.workflows.arrivals import Arrival
from models.workflows.graph.actions import WaitFor
from models.workflows.graph.tree import GraphNode
from models.workflows.inside import occurrences
from models.workflows.inside.asking import first_that_holds, reads_segments
from models.workflows.nodes.elapsing import ends_after
from models.workflows.run import Run


async def wait_for(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """What happened since it arrived, or with `lookBack` since it entered, ends the wait; then the rule; then the time-out."""
    do = node.do
    assert isinstance(do, WaitFor)
    happened = await occurrences.take(run, node, arrivals)
    waiting = []
    for arrival in arrivals:
        if arrival.id in happened:
            arrival.go("next", do.next)
        else:
            waiting.append(arrival)
    waiting = await _without_those_who_fulfil_it(run, node, do, waiting)
    until = await ends(run, node, waiting) if waiting else {}
    for arrival in waiting:
        if until[arrival.id] <= run.now:
            arrival.go("timedOut", do.timed_out)
        else:
            arrival.wait(until[arrival.id])


async def ends(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> dict[int, datetime]:
    """When their time is over."""
    do = node.do
    assert isinstance(do, WaitFor)
    return await ends_after(run, do.timeout, arrivals)


async def _without_those_who_fulfil_it(
    run: Run, node: GraphNode, do: WaitFor, arrivals: Sequence[Arrival]
) -> list[Arrival]:
    if do.rule is None or not arrivals:
        return list(arrivals)
    plan = arrivals[0].plan
    try:
        as_they_stand = reads_segments(plan, do.rule) and run.members_then is None
        fresh = await freshness.those_fresh(run, arrivals) if as_they_stand else list(arrivals)
        contact_ids = list(dict.fromkeys(arrival.contact_id for arrival in fresh))
        holds = await first_that_holds(run, f"node {node.key}", (do.rule,), plan, contact_ids) if fresh else {}
    except MusterError as error:
        for arrival in arrivals:
            arrival.fail(f"the rule of {node.key!r} can no longer be read: {error}")
        return []
    left = []
    for arrival in fresh:
        if arrival.contact_id in holds:
            arrival.go("next", do.next)
        else:
            left.append(arrival)
    return left
