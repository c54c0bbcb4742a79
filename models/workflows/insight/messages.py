"""What became of the messages of a workflow's SEND nodes."""

from collections import Counter
from collections.abc import Mapping

from models import db
from models.messaging import counters
from models.messaging.sources import SourceKind
from permissions.principal import Scope


async def of_nodes(scope: Scope, workflow_id: int) -> dict[str, Mapping[str, int]]:
    """How many messages are in each state, by the key of the node; nodes that have sent nothing are left out."""
    senders = {row["id"]: row["key"] for row in await db.fetch(_SENDERS, scope.workspace_id, workflow_id)}
    found: dict[str, Counter[str]] = {}
    for sender_id, counted in (await counters.of(scope.workspace_id, SourceKind.WORKFLOW, list(senders))).items():
        found.setdefault(senders[sender_id], Counter()).update(counted)
    return {key: dict(counted) for key, counted in found.items()}


_SENDERS = """
SELECT s.id, n.key FROM workflow_senders AS s
JOIN workflow_nodes AS n ON n.workspace_id = $1 AND n.workflow_id = $2 AND n.node = s.node
WHERE s.workspace_id = $1 AND s.workflow_id = $2
"""
