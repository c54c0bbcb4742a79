"""Reads the figures of workflows: how many entered, are inside, went which way, and how long they stayed."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models import db
from models.db import Record
from models.workflows import counts
from permissions.principal import Scope


@dataclass(slots=True)
class NodeFigures:
    """entered = inside + the sum of outcomes, when no period is asked for."""

    key: str
    entered: int = 0
    inside: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    median_stay_seconds: float | None = None
    next_wake_at: datetime | None = None


@dataclass(slots=True)
class WorkflowFigures:
    """Control enrollments are among `entered`; those that reached the goal are in `control_goal` instead of `goal`."""

    entered: int = 0
    inside: int = 0
    held: int = 0
    failed: int = 0
    ready: int = 0
    goal: int = 0
    control_entered: int = 0
    control_goal: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    turned_away: Counter[str] = field(default_factory=Counter)

    @property
    def ended(self) -> int:
        return self.ends.total()

    @property
    def waiting(self) -> int:
        return self.inside - self.held - self.failed - self.ready


# ---------------------------------------------------------------- a workflow


async def of_workflows(scope: Scope, workflow_ids: Sequence[int]) -> dict[int, WorkflowFigures]:
    found = {workflow_id: WorkflowFigures() for workflow_id in workflow_ids}
    for row in await db.fetch(_OF_WORKFLOWS, scope.workspace_id, list(workflow_ids)):
        _count(found[row["workflow_id"]], row["what"], row["count"])
    for figures in found.values():
        figures.inside = figures.entered - figures.ended
    return found


# One statement, so that both are of one moment.
_OF_WORKFLOWS = """
SELECT workflow_id, what, sum(count)::bigint AS count FROM workflow_counts
WHERE workspace_id = $1 AND workflow_id = ANY ($2::bigint[]) AND node = 0
GROUP BY workflow_id, what
UNION ALL
SELECT workflow_id, lower(state), count(*) FROM enrollments
WHERE workspace_id = $1 AND workflow_id = ANY ($2::bigint[]) AND state <> 'WAITING' AND test_id IS NULL
GROUP BY workflow_id, state
"""


def _count(figures: WorkflowFigures, what: str, count: int) -> None:
    """`what` is of a count, or the state of those inside."""
    if what.startswith(counts.ENDED):
        figures.ends[what.removeprefix(counts.ENDED)] = count
    elif what.startswith(counts.TURNED_AWAY):
        figures.turned_away[what.removeprefix(counts.TURNED_AWAY)] = count
    else:
        setattr(figures, what, count)


# ---------------------------------------------------------------- nodes


async def of_nodes(
    scope: Scope,
    workflow_id: int,
    keys: Collection[str],
    number: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[NodeFigures]:
    """Of the nodes `keys`, in this order, and then of nodes that are gone and were entered.

    With `number`, of the enrollments that entered with that version. With a period, `entered` and `outcomes` are of the
    period, and `inside` counts those inside at its end. Periods are whole hours (UTC), or days long past.
    """
    begin = None if since is None else counts.hour_of(since)
    rows = await db.fetch(_OF_NODES, scope.workspace_id, workflow_id, number, begin, until)
    found = {key: NodeFigures(key) for key in keys}
    for key, of_node in _by_node(rows):
        found[key] = _figures(key, of_node)
    for row in await db.fetch(_NEXT_WAKES, scope.workspace_id, workflow_id, number):
        if row["key"] in found:
            found[row["key"]].next_wake_at = row["wake_at"]
    return list(found.values())


_OF_NODES = """
SELECT n.key, c.what,
       sum(c.count) FILTER (WHERE $4::timestamptz IS NULL OR c.hour >= $4::timestamptz)::bigint AS count,
       sum(c.count)::bigint AS so_far
FROM workflow_counts AS c
JOIN workflow_nodes AS n ON n.workspace_id = $1 AND n.workflow_id = $2 AND n.node = c.node
WHERE c.workspace_id = $1 AND c.workflow_id = $2 AND c.node > 0 AND ($3::integer IS NULL OR c.number = $3::integer)
  AND ($5::timestamptz IS NULL OR c.hour < $5::timestamptz)
GROUP BY n.key, c.node, c.what ORDER BY c.node, c.what
"""

_NEXT_WAKES = """
SELECT n.key, w.wake_at
FROM workflow_nodes AS n
CROSS JOIN LATERAL (
    SELECT e.wake_at FROM enrollments AS e
    WHERE e.workspace_id = $1 AND e.workflow_id = $2 AND e.node = n.node AND e.wake_at IS NOT NULL AND e.test_id IS NULL
      AND ($3::integer IS NULL OR e.number = $3::integer)
    ORDER BY e.wake_at LIMIT 1
) AS w
WHERE n.workspace_id = $1 AND n.workflow_id = $2
"""


def _by_node(rows: Sequence[Record]) -> Iterator[tuple[str, list[Record]]]:
    by_key: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        by_key[row["key"]].append(row)
    yield from by_key.items()


def _figures(key: str, rows: Sequence[Record]) -> NodeFigures:
    figures, stays = NodeFigures(key), []
    for _, what, count, so_far in rows:
        if what.startswith(counts.STAY):
            stays.append((int(what.removeprefix(counts.STAY)), count or 0))
        elif what.startswith(counts.OUTCOME):
            figures.outcomes[what.removeprefix(counts.OUTCOME)] = count or 0
            figures.inside -= so_far
        elif what == counts.ENTERED:
            figures.entered = count or 0
            figures.inside += so_far
    figures.median_stay_seconds = counts.median_stay_seconds(stays)
    return figures
