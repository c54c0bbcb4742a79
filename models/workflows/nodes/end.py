"""END: the enrollment is over."""

from collections.abc import Sequence

from models.workflows.arrivals import Arrival, End
from models.workflows.graph import actions
from models.workflows.graph.tree import GraphNode
from models.workflows.run import Run


async def end(_: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    do = node.do
    assert isinstance(do, actions.End)
    for arrival in arrivals:
        arrival.end(End.REACHED_END, do.outcome)
