"""WAIT: goes on when a time has passed since it arrived."""

from collections.abc import Sequence
from datetime import datetime

from models.workflows.arrivals import Arrival
from models.workflows.graph.actions import Wait
from models.workflows.graph.tree import GraphNode
from models.workflows.nodes.elapsing import ends_after
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
    """When their time is over."""
    do = node.do
    assert isinstance(do, Wait)
    return await ends_after(run, do.duration, arrivals)
