"""END: the enrollment is over."""

from collections.abc import Sequence

from models.workflows.arrivals import Arrival, end_together
from models.workflows.graph import actions
from models.workflows.graph.tree import GraphNode
from models.workflows.run import Run
from models.workflows.states import EnrollmentEnd


async def end(_: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    do = node.do
    assert isinstance(do, actions.End)
    end_together(arrivals, EnrollmentEnd.REACHED_END, do.outcome)
