"""Figures of workflows as the API shows them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.errors import Invalid
from models.messaging.counters import NOTHING
from models.workflows.graph.actions import Send
from models.workflows.graph.tree import Graph
from models.workflows.insight import figures, graphs, lag, messages
from models.workflows.insight.figures import NodeFigures, WorkflowFigures
from schema.broadcasts.types import BroadcastCounts
from schema.enrollments.enums import EnrollmentEnd
from schema.server.context import Info
from schema.server.execution.rows import ids_of
from schema.server.guard import scope_of


@strawberry.type(description="How many enrollments ended in one way.")
class WorkflowEndCount:
    end: EnrollmentEnd
    count: int


@strawberry.type(description="How many were not let in, for one reason.")
class WorkflowReasonCount:
    reason: str
    count: int


@strawberry.type(description="How many enrollments a workflow has had; test runs are not counted.")
class WorkflowCounts:
    entered: int
    inside: int
    waiting: int
    held: int
    failed: int
    ended: int
    goal: int
    control_entered: int
    control_goal: int
    ends: list[WorkflowEndCount]
    turned_away: list[WorkflowReasonCount]


@strawberry.type(description="How many left a node in one way.")
class WorkflowOutcomeCount:
    outcome: str
    count: int


@strawberry.type(
    description="entered = inside + the sum of `outcomes`, always, also after contacts are deleted. With a period, `inside` is as"
    " of its end, and all else is of the period."
)
class WorkflowNodeStats:
    node_key: str
    label: str | None
    entered: int
    inside: int
    next_wake_at: datetime | None
    median_stay_seconds: float | None
    outcomes: list[WorkflowOutcomeCount]
    messages: BroadcastCounts | None = strawberry.field(description="SEND only.")


async def counts_of(rows: Sequence[Any], info: Info) -> Sequence[WorkflowCounts]:
    """Loads Workflow.counts."""
    found = await figures.of_workflows(scope_of(info), ids_of(rows))
    return [_counts(found[workflow_id]) for workflow_id in ids_of(rows)]


def _counts(found: WorkflowFigures) -> WorkflowCounts:
    return WorkflowCounts(
        entered=found.entered,
        inside=found.inside,
        waiting=found.waiting,
        held=found.held,
        failed=found.failed,
        ended=found.ended,
        goal=found.goal,
        control_entered=found.control_entered,
        control_goal=found.control_goal,
        ends=[WorkflowEndCount(end=end, count=found.ends[end]) for end in EnrollmentEnd if found.ends[end]],
        turned_away=reason_counts(found.turned_away),
    )


def reason_counts(counted: Mapping[str, int]) -> list[WorkflowReasonCount]:
    """The most frequent first."""
    by_count = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return [WorkflowReasonCount(reason=reason, count=count) for reason, count in by_count]


async def node_stats_of(
    rows: Sequence[Any],
    info: Info,
    version_number: int | None = None,
    from_: Annotated[datetime | None, strawberry.argument(name="from")] = None,
    to: datetime | None = None,
) -> Sequence[Any]:
    """Loads Workflow.nodeStats."""
    if from_ is not None and to is not None and to <= from_:
        raise Invalid("the period ends before it begins: give a later `to`", ("to",))
    return [await _node_stats(info, workflow_id, version_number, from_, to) for workflow_id in ids_of(rows)]


async def _node_stats(
    info: Info, workflow_id: int, number: int | None, since: datetime | None, until: datetime | None
) -> list[WorkflowNodeStats]:
    scope = scope_of(info)
    graph = await graphs.shown_graph(scope, workflow_id, number)
    found = await figures.of_nodes(scope, workflow_id, list(graph.nodes), number, since, until)
    sent = await messages.of_nodes(scope, workflow_id)
    return [stats_of_node(graph, one, sent.get(one.key)) for one in found]


def stats_of_node(graph: Graph, found: NodeFigures, sent: Mapping[str, int] | None = None) -> WorkflowNodeStats:
    """`sent`: how many of its messages are in each state; zeros when a node that sends has sent none."""
    node = graph.nodes.get(found.key)
    if sent is None and node is not None and isinstance(node.do, Send):
        sent = NOTHING
    return WorkflowNodeStats(
        node_key=found.key,
        label=None if node is None else node.label,
        entered=found.entered,
        inside=found.inside,
        next_wake_at=found.next_wake_at,
        median_stay_seconds=found.median_stay_seconds,
        outcomes=[WorkflowOutcomeCount(outcome=name, count=count) for name, count in sorted(found.outcomes.items())],
        messages=None if sent is None else BroadcastCounts(**sent),
    )


async def lags_of(rows: Sequence[Any], info: Info) -> Sequence[float]:
    """Loads Workflow.lagSeconds."""
    found = await lag.lag_seconds(scope_of(info), ids_of(rows))
    return [found[workflow_id] for workflow_id in ids_of(rows)]
