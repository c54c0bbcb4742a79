"""Figures per node and version, written in the transaction of what they count.

A row of `workflow_counts` says how often something happened at a node in an hour. An enrollment counts for the version that
it entered with, so that for each node and version entered = inside + the sum of outcomes, whatever was published since. Node 0
is the workflow. Test runs are not counted.
"""

import math
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from models import db
from permissions.principal import Scope

WORKFLOW: Final = 0
"""The node that stands for the whole workflow."""

ENTERED: Final = "entered"
OUTCOME: Final = "outcome:"
STAY: Final = "stay:"
ENDED: Final = "ended:"
GOAL: Final = "goal"
CONTROL_ENTERED: Final = "control_entered"
CONTROL_GOAL: Final = "control_goal"
TURNED_AWAY: Final = "turned_away:"


def hour_of(at: datetime) -> datetime:
    """Takes and returns UTC."""
    return at.replace(minute=0, second=0, microsecond=0)


class Counts:
    """Collects what one transaction counts; `write` it at the end."""

    __slots__ = ("_counted", "_hour")

    def __init__(self, at: datetime) -> None:
        self._hour = hour_of(at)
        self._counted: Counter[tuple[int, int, int, str]] = Counter()

    def add(self, workflow_id: int, number: int, node: int, what: str, count: int = 1) -> None:
        """`number`: of the version with which the enrollments entered."""
        self._counted[workflow_id, number, node, what] += count

    # ---------------------------------------------------------------- nodes

    def arrived(self, workflow_id: int, number: int, node: int, count: int = 1) -> None:
        self.add(workflow_id, number, node, ENTERED, count)

    def left(
        self, workflow_id: int, number: int, node: int, outcome: str, stay_seconds: float = 0.0, count: int = 1
    ) -> None:
        """So many left the node by `outcome`, each after staying so long. Those who are thrown out leave too."""
        self.left_in_bucket(workflow_id, number, node, outcome, bucket_of(stay_seconds), count)

    def left_in_bucket(self, workflow_id: int, number: int, node: int, outcome: str, bucket: int, count: int) -> None:
        """As `left`, after a stay in this bucket."""
        self.add(workflow_id, number, node, OUTCOME + outcome, count)
        self.add(workflow_id, number, node, STAY + str(bucket), count)

    # ---------------------------------------------------------------- the workflow

    def let_in(self, workflow_id: int, number: int, *, control: bool = False, count: int = 1) -> None:
        self.add(workflow_id, number, WORKFLOW, ENTERED, count)
        if control:
            self.add(workflow_id, number, WORKFLOW, CONTROL_ENTERED, count)

    def turned_away(self, workflow_id: int, number: int, reason: str, count: int = 1) -> None:
        self.add(workflow_id, number, WORKFLOW, TURNED_AWAY + reason, count)

    def reached_goal(self, workflow_id: int, number: int, *, control: bool = False, count: int = 1) -> None:
        self.add(workflow_id, number, WORKFLOW, CONTROL_GOAL if control else GOAL, count)

    def ended(self, workflow_id: int, number: int, end: str, count: int = 1) -> None:
        self.add(workflow_id, number, WORKFLOW, ENDED + end, count)

    # ---------------------------------------------------------------- writing

    async def write(self, scope: Scope) -> None:
        """In the ambient transaction, under the lock of the workspace's engine of workflows."""
        if not self._counted:
            return
        rows = sorted((*key, count) for key, count in self._counted.items() if count)
        self._counted.clear()
        await db.execute(_ADD, scope.workspace_id, self._hour, *map(list, zip(*rows, strict=True)))


_ADD = """
INSERT INTO workflow_counts AS c (workspace_id, workflow_id, number, node, what, hour, count)
SELECT $1, workflow_id, number, node, what, $2, count
FROM unnest($3::bigint[], $4::integer[], $5::smallint[], $6::text[], $7::bigint[])
    AS n (workflow_id, number, node, what, count)
ON CONFLICT (workspace_id, workflow_id, number, node, what, hour) DO UPDATE SET count = c.count + excluded.count
"""


# ---------------------------------------------------------------- how long they stayed

_PER_DOUBLING: Final = 4
"""Buckets between a stay and twice that stay: each is 19 % wide."""


def bucket_of(stay_seconds: float) -> int:
    """The bucket of a stay: 0 up to a millisecond, and then four for each doubling."""
    milliseconds = stay_seconds * 1000
    return 0 if milliseconds <= 1 else math.ceil(_PER_DOUBLING * math.log2(milliseconds))


def median_stay_seconds(buckets: Iterable[tuple[int, int]]) -> float | None:
    """The median of stays that were counted as (bucket, count): the middle of its bucket; None without stays."""
    ordered = sorted(buckets)
    half, seen = sum(count for _, count in ordered) / 2, 0
    for bucket, count in ordered:
        seen += count
        if count and seen >= half:
            return 0.0 if bucket == 0 else 2.0 ** ((bucket - 0.5) / _PER_DOUBLING) / 1000
    return None
