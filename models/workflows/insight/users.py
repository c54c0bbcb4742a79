"""Which workflows send a template or post to an endpoint, by their draft or by what runs."""

from collections.abc import Sequence

from models import db
from permissions.principal import Scope


async def of_templates(scope: Scope, template_ids: Sequence[int]) -> dict[int, list[int]]:
    """The ids of workflows by template, those by name that are not archived."""
    return await _users(scope, template_ids, "$.nodes[*].do.send.templateId")


async def of_endpoints(scope: Scope, endpoint_ids: Sequence[int]) -> dict[int, list[int]]:
    """The ids of workflows by endpoint, those by name that are not archived."""
    return await _users(scope, endpoint_ids, "$.nodes[*].do.webhook.endpointId")


async def _users(scope: Scope, ids: Sequence[int], path: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {used: [] for used in ids}
    for used, workflow_id in await db.fetch(_USERS, scope.workspace_id, list(ids), path):
        found[used].append(workflow_id)
    return found


_USERS = """
SELECT used.id, w.id FROM workflows AS w
LEFT JOIN workflow_versions AS v ON v.workspace_id = $1 AND v.workflow_id = w.id AND v.number = w.published_number
CROSS JOIN unnest($2::bigint[]) AS used (id)
WHERE w.workspace_id = $1 AND w.status <> 'ARCHIVED' AND (
    jsonb_path_query_array(w.draft, $3::jsonpath) @> to_jsonb(used.id)
    OR jsonb_path_query_array(v.graph, $3::jsonpath) @> to_jsonb(used.id))
ORDER BY lower(w.name), w.id
"""
