"""What a node is to the engine: a coroutine that decides for a group of enrollments what becomes of each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from models.workflows.arrivals import Arrival
from models.workflows.graph.tree import GraphNode
from models.workflows.run import Run

Settle = Callable[[Run, GraphNode, Sequence[Arrival]], Awaitable[None]]
"""Calls exactly one of `go`, `wait`, `hold`, `hold_until_fresh`, `fail` and `end` on each arrival; all are of one plan.

It may be called again for the same arrival at the same visit, after it stayed: it decides by the arrival and its `node_at` alone.
"""

Ends = Callable[[Run, GraphNode, Sequence[Arrival]], Awaitable[Mapping[int, datetime]]]
"""When the time of each is over, by enrollment; all are of one plan."""
