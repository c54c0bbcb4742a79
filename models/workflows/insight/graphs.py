"""The graphs by which workflows are shown."""

from collections.abc import Collection

from models import db
from models.errors import NotFound
from models.workflows.graph.read import read_graph
from models.workflows.graph.tree import Graph
from permissions.principal import Scope


async def shown_graph(scope: Scope, workflow_id: int, number: int | None = None) -> Graph:
    """The version with this number; without one, what runs, or the draft before the first publish.

    Raises NotFound when there is no such version.
    """
    row = await db.fetch_row(_ONE, scope.workspace_id, workflow_id, number)
    if row is None or row["graph"] is None:
        raise NotFound(f"this workflow has no version {number}", ("versionNumber",))
    return read_graph(db.load_json(row["graph"]))


_ONE = """
SELECT CASE WHEN coalesce($3, w.published_number) IS NULL THEN w.draft ELSE coalesce(v.runs_as, v.graph) END AS graph
FROM workflows AS w
LEFT JOIN workflow_versions AS v
    ON v.workspace_id = $1 AND v.workflow_id = $2 AND v.number = coalesce($3::integer, w.published_number)
WHERE w.workspace_id = $1 AND w.id = $2
"""


async def of_versions(scope: Scope, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], Graph]:
    """By workflow id and number of the version."""
    pairs = sorted(set(wanted))
    rows = await db.fetch(
        _MANY, scope.workspace_id, [workflow_id for workflow_id, _ in pairs], [number for _, number in pairs]
    )
    return {(row["workflow_id"], row["number"]): read_graph(db.load_json(row["graph"])) for row in rows}


_MANY = """
SELECT v.workflow_id, v.number, coalesce(v.runs_as, v.graph) AS graph
FROM unnest($2::bigint[], $3::integer[]) AS wanted (workflow_id, number)
JOIN workflow_versions AS v
    ON v.workspace_id = $1 AND v.workflow_id = wanted.workflow_id AND v.number = wanted.number
"""


async def existing(scope: Scope, workflow_ids: Collection[int]) -> set[int]:
    """Those of these ids that are workflows."""
    rows = await db.fetch(
        "SELECT id FROM workflows WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        scope.workspace_id,
        list(workflow_ids),
    )
    return {row["id"] for row in rows}
