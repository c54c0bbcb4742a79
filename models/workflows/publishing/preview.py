"""What publishing the draft would do to those inside, counted by the statements that would do it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.workflows import bulk, drafts
from models.workflows.bulk import Wakes
from models.workflows.graph.tree import Graph
from models.workflows.publishing import tokens
from models.workflows.publishing.plan import Group, Moves, PublishPlan, plan
from models.workflows.publishing.transitions import Change, sends_soon
from models.workflows.states import EnrolledContactsPolicy
from permissions.principal import Scope

SOON: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Move:
    """`to_key` None: their enrollments end."""

    from_key: str
    to_key: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """`wakes_now` are among `wakes_moved`. `sends_within_hour`: who may come to a SEND in that time."""

    token: str
    inside: int
    stay: int
    exits: int
    wakes_moved: int
    wakes_now: int
    sends_within_hour: int
    moves: list[Move] = field(default_factory=list)


async def preview(scope: Scope, workflow_id: int, enrolled: EnrolledContactsPolicy, moves: Moves) -> Preview:
    """Raises NotFound at `id`, and Problems below `moves`."""
    workflow = await drafts.get(scope, workflow_id)
    graph = drafts.graph_of(workflow)
    planned = await plan(scope, workflow_id, graph, enrolled, moves)
    now = clock.now()
    counted = planned.counted()
    wakes_moved, wakes_now = await _count_wakes(scope, now, planned, graph)
    token = tokens.make(workflow, enrolled, moves, counted)
    sends = await _sends_soon(scope, now, planned, graph)
    gone = planned.leaving() if enrolled is EnrolledContactsPolicy.MOVE else {}
    listed = [Move(key, to_key, count) for (key, to_key), count in sorted(gone.items(), key=lambda item: item[0][0])]
    stay = counted.inside - counted.exits - sum(counted.moves.values())
    return Preview(token, counted.inside, stay, counted.exits, wakes_moved, wakes_now, sends, listed)


async def _count_wakes(scope: Scope, now: datetime, planned: PublishPlan, graph: Graph) -> tuple[int, int]:
    """How many wake at another moment, and how many of them as soon as `spread` allows."""
    moved = woken = 0
    for group in planned.of(Change.WAKE):
        rewoken = await bulk.count_rewoken(scope, now, group.standing, wakes=_wakes_of(scope, graph, group))
        moved, woken = moved + rewoken.moved, woken + rewoken.now
    return moved, woken


def _wakes_of(scope: Scope, graph: Graph, group: Group) -> Wakes:
    return Wakes(timedelta(), graph.max_stay, scope.timezone, group.waits)


# ---------------------------------------------------------------- messages soon


async def _sends_soon(scope: Scope, now: datetime, planned: PublishPlan, graph: Graph) -> int:
    """Those who arrive where a SEND is near, and those whose wake leads near one within the hour."""
    arriving = sends_soon(graph, SOON)
    total = 0
    for group in planned.groups:
        if group.change is Change.MOVE:
            total += group.count if group.to_key in arriving else 0
        elif group.change is not Change.END and group.key in graph.nodes:
            leads = arriving & {group.key, *graph.nodes[group.key].edges.values()}
            total += await _wake_soon(scope, now, group, graph) if leads else 0
    return total


async def _wake_soon(scope: Scope, now: datetime, group: Group, graph: Graph) -> int:
    standing = group.standing
    if group.change is Change.WAKE and group.waits is not None:
        at_most = now + SOON - group.waits
        return int(
            await db.fetch_value(
                _ARRIVED_BEFORE,
                scope.workspace_id,
                standing.workflow_id,
                standing.node,
                list(standing.numbers),
                at_most,
            )
        )
    if group.change is Change.WAKE:
        return (await bulk.count_rewoken(scope, now, standing, wakes=_wakes_of(scope, graph, group))).seen
    return int(
        await db.fetch_value(
            _WAKE_BEFORE, scope.workspace_id, standing.workflow_id, standing.node, list(standing.numbers), now + SOON
        )
    )


_INSIDE: Final = """
SELECT count(*) FROM enrollments
WHERE workspace_id = $1 AND workflow_id = $2 AND node = $3 AND number = ANY ($4::integer[]) AND test_id IS NULL
  AND state <> 'FAILED'
"""
_ARRIVED_BEFORE: Final = f"{_INSIDE} AND node_at <= $5"
_WAKE_BEFORE: Final = f"{_INSIDE} AND wake_at <= $5"
