"""Those who fell due while their workflow was paused, when it is resumed with SKIP or END."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from models import db
from models.values.instants import read_instant, write_instant
from models.workflows import bulk, versions
from models.workflows.bulk import FellDue, Standing, Wakes
from models.workflows.graph.actions import LatePolicy, WaitUntil
from models.workflows.states import EnrollmentEnd
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class Late:
    """Those who came to their node before `paused_at` and fell due up to `until`."""

    policy: LatePolicy
    paused_at: datetime
    until: datetime

    @property
    def fell_due(self) -> FellDue:
        return FellDue(self.paused_at, self.until)


def to_json(late: Late) -> dict[str, str]:
    return {
        "late": late.policy.value,
        "pausedAt": write_instant(late.paused_at),
        "until": write_instant(late.until),
    }


def from_json(stored: Mapping[str, Any]) -> Late:
    return Late(LatePolicy(stored["late"]), read_instant(stored["pausedAt"]), read_instant(stored["until"]))


async def count(scope: Scope, workflow_id: int, late: Late) -> int:
    return int(await db.fetch_value(_COUNT, scope.workspace_id, workflow_id, late.paused_at, late.until))


_COUNT = """
SELECT count(*) FROM enrollments
WHERE workspace_id = $1 AND workflow_id = $2 AND test_id IS NULL AND node_at < $3
  AND (wake_at <= $4 OR (state = 'HELD' AND reason = 'PAUSED' AND wake_at IS NULL))
"""


async def deal_with_some(scope: Scope, workflow_id: int, late: Late, now: datetime, limit: int) -> int:
    """Up to `limit`, under the lock of the engine. Returns how many; 0: none are left."""
    followers = await versions.followers(scope, workflow_id)
    nodes = await versions.node_numbers(scope, workflow_id)
    for number, (key, node) in product(followers, nodes.items()):
        standing = Standing(workflow_id, (number,), node)
        if late.policy is LatePolicy.END:
            ended = await bulk.end_some(
                scope, now, standing, EnrollmentEnd.REMOVED, fell_due=late.fell_due, limit=limit
            )
            done = ended.count
        else:
            done = await _skip(scope, late, now, standing, followers[number], key, limit)
        if done:
            return done
    return 0


async def _skip(scope: Scope, late: Late, now: datetime, standing: Standing, number: int, key: str, limit: int) -> int:
    """Those at a WAIT_UNTIL with an edge `skip` leave by it; others are not late for anything."""
    graph = await versions.graph_of(scope, standing.workflow_id, number)
    node = graph.nodes.get(key)
    if node is None or not isinstance(node.do, WaitUntil) or node.do.skip is None:
        return 0
    to_node = (await versions.node_numbers(scope, standing.workflow_id))[node.do.skip]
    wakes = Wakes.at_once(graph.max_stay, scope.timezone)
    moved = await bulk.move_some(
        scope, now, standing, to_node, wakes=wakes, outcome="skip", fell_due=late.fell_due, limit=limit
    )
    return moved.count
