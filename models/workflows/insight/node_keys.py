"""The keys of nodes by their numbers, which are kept for the life of a workflow."""

from collections.abc import Collection

from models import db
from permissions.principal import Scope


async def keys_of(scope: Scope, workflow_ids: Collection[int]) -> dict[tuple[int, int], str]:
    """By workflow id and number."""
    rows = await db.fetch(
        "SELECT workflow_id, node, key FROM workflow_nodes WHERE workspace_id = $1 AND workflow_id = ANY ($2::bigint[])",
        scope.workspace_id,
        list(set(workflow_ids)),
    )
    return {(row["workflow_id"], row["node"]): row["key"] for row in rows}
