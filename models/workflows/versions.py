"""Published versions of a workflow. They are never changed; `followed_by` says by which one those inside go on."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from models import db
from models.db.tables.workflows import Workflow, WorkflowVersion
from models.workflows.graph.read import read_graph
from models.workflows.graph.tree import Graph
from permissions.principal import PrincipalKind, Scope

__all__ = ["WorkflowVersion"]


# ---------------------------------------------------------------- read


async def find(scope: Scope, workflow_id: int, number: int | None) -> WorkflowVersion | None:
    if number is None:
        return None
    return await WorkflowVersion.get_or_none(workspace_id=scope.workspace_id, workflow_id=workflow_id, number=number)


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[WorkflowVersion]:
    return await WorkflowVersion.filter(workspace_id=scope.workspace_id, id__in=list(ids))


async def published_of(scope: Scope, workflows: Collection[Workflow]) -> dict[int, WorkflowVersion]:
    """The versions that run, by the ids of their workflows."""
    numbers = {workflow.id: workflow.published_number for workflow in workflows if workflow.published_number}
    found = await WorkflowVersion.filter(
        workspace_id=scope.workspace_id, workflow_id__in=list(numbers), number__in=list(set(numbers.values()))
    )
    return {version.workflow_id: version for version in found if numbers[version.workflow_id] == version.number}


async def page(scope: Scope, workflow_id: int, first: int, before: int | None = None) -> list[WorkflowVersion]:
    """Up to `first` + 1 versions, the newest first, with numbers below `before`."""
    query = WorkflowVersion.filter(workspace_id=scope.workspace_id, workflow_id=workflow_id)
    if before is not None:
        query = query.filter(number__lt=before)
    return await query.order_by("-number").limit(first + 1)


async def graph_of(scope: Scope, workflow_id: int, number: int) -> Graph:
    """The graph by which a published version runs. Raises LookupError when there is none of that number."""
    version = await find(scope, workflow_id, number)
    if version is None:
        raise LookupError(f"workflow {workflow_id} has no version {number}")
    return read_graph(running_json(version))


def running_json(version: WorkflowVersion) -> dict[str, Any]:
    """What runs: the graph as it was published, but for tags that were renamed since."""
    return version.runs_as or version.graph


async def node_numbers(scope: Scope, workflow_id: int) -> dict[str, int]:
    """The number of each node's key that was ever published."""
    rows = await db.fetch(
        "SELECT key, node FROM workflow_nodes WHERE workspace_id = $1 AND workflow_id = $2",
        scope.workspace_id,
        workflow_id,
    )
    return {row["key"]: row["node"] for row in rows}


# ---------------------------------------------------------------- who goes on by which


async def followers(scope: Scope, workflow_id: int) -> dict[int, int]:
    """For each version, the one by which those who entered with it go on now."""
    rows = await db.fetch(
        "SELECT number, followed_by FROM workflow_versions WHERE workspace_id = $1 AND workflow_id = $2",
        scope.workspace_id,
        workflow_id,
    )
    followed_by = {row["number"]: row["followed_by"] for row in rows}
    return {number: last_of(followed_by, number) for number in followed_by}


def last_of(followed_by: Mapping[int, int | None], number: int) -> int:
    """The end of the chain; a version is followed by later ones only."""
    after = followed_by.get(number)
    return number if after is None else last_of(followed_by, after)


async def inside(scope: Scope, workflow_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """How many go on by each version, by (workflow id, number)."""
    rows = await db.fetch(_INSIDE, scope.workspace_id, list(workflow_ids))
    chains: dict[int, dict[int, int | None]] = {}
    for row in rows:
        chains.setdefault(row["workflow_id"], {})[row["number"]] = row["followed_by"]
    found: dict[tuple[int, int], int] = {}
    for row in rows:
        workflow_id = row["workflow_id"]
        key = (workflow_id, last_of(chains[workflow_id], row["number"]))
        found[key] = found.get(key, 0) + row["inside"]
    return found


# By the figures, which are kept right with the enrollments: counting a million takes too long.
_INSIDE = """
SELECT v.workflow_id, v.number, v.followed_by, coalesce(c.inside, 0) AS inside
FROM workflow_versions v LEFT JOIN (
    SELECT workflow_id, number, sum(CASE WHEN what = 'entered' THEN count ELSE -count END)::bigint AS inside
    FROM workflow_counts
    WHERE workspace_id = $1 AND workflow_id = ANY ($2::bigint[]) AND node = 0
      AND (what = 'entered' OR starts_with(what, 'ended:'))
    GROUP BY workflow_id, number) AS c ON c.workflow_id = v.workflow_id AND c.number = v.number
WHERE v.workspace_id = $1 AND v.workflow_id = ANY ($2::bigint[])
"""


# ---------------------------------------------------------------- written


async def insert(
    scope: Scope, workflow: Workflow, graph_json: Mapping[str, Any], note: str | None, now: datetime
) -> WorkflowVersion:
    """The next version, in the transaction that locked the workflow's row. New keys of nodes get their numbers."""
    number = 1 + (await _last_number(scope, workflow.id) or 0)
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    version = await WorkflowVersion.create(
        workspace_id=scope.workspace_id,
        workflow_id=workflow.id,
        number=number,
        graph=dict(graph_json),
        note=note,
        published_at=now,
        published_by=by,
    )
    await db.execute(_NUMBER, scope.workspace_id, workflow.id, [node["key"] for node in graph_json["nodes"]])
    return version


async def _last_number(scope: Scope, workflow_id: int) -> int | None:
    number: int | None = await db.fetch_value(
        "SELECT max(number) FROM workflow_versions WHERE workspace_id = $1 AND workflow_id = $2",
        scope.workspace_id,
        workflow_id,
    )
    return number


# 0 is the workflow itself.
_NUMBER = """
INSERT INTO workflow_nodes (workspace_id, workflow_id, node, key)
SELECT $1, $2, known.last + row_number() OVER (ORDER BY new.position), new.key
FROM unnest($3::text[]) WITH ORDINALITY AS new (key, position)
CROSS JOIN (SELECT coalesce(max(node), 0) AS last FROM workflow_nodes WHERE workspace_id = $1 AND workflow_id = $2) AS known
WHERE NOT EXISTS (SELECT 1 FROM workflow_nodes n WHERE n.workspace_id = $1 AND n.workflow_id = $2 AND n.key = new.key)
"""


EVERYBODY_OUT: Final[Mapping[str, str | None]] = {"*": None}
"""The `moves` of a version whose people do not go on: they end where they stand."""


async def follow(scope: Scope, workflow_id: int, number: int, moves: Mapping[str, str | None]) -> list[int]:
    """Those inside by any version go on by this one; `moves`: from nodes that are gone. Returns the versions that ended."""
    rows = await db.fetch(
        """
        UPDATE workflow_versions SET followed_by = $3, moves = $4
        WHERE workspace_id = $1 AND workflow_id = $2 AND number < $3 AND followed_by IS NULL RETURNING number
        """,
        scope.workspace_id,
        workflow_id,
        number,
        db.dump_json(dict(moves)),
    )
    return sorted(row["number"] for row in rows)
