"""Loads the catalogue of a workspace."""

from models import db
from models.rules.catalogue import Catalogue, KnownSegment, custom_field
from models.rules.depends import segments_mentioned
from models.rules.tree import Field, FieldType
from models.scores import stored
from permissions.principal import Scope


async def load_catalogue(scope: Scope, *rules: object) -> Catalogue:
    """All custom fields, and segments that `rules` (JSON) mention, directly or not."""
    return await load_with_segments(scope, frozenset[int]().union(*map(segments_mentioned, rules)))


async def load_with_segments(scope: Scope, segment_ids: frozenset[int]) -> Catalogue:
    """All custom fields, these segments and those that their rules mention."""
    return Catalogue(scope.timezone, await load_fields(scope), await _load_segments(scope, segment_ids))


async def load_fields(scope: Scope) -> dict[str, Field]:
    """Returns the workspace's custom fields and scores by key, custom fields sorted by label."""
    rows = await db.fetch(
        "SELECT key, label, type, choices FROM contact_fields"
        " WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY lower(label), id",
        scope.workspace_id,
    )
    fields = (
        custom_field(
            row["key"],
            row["label"],
            FieldType(row["type"]),
            None if row["choices"] is None else tuple(row["choices"]),
        )
        for row in rows
    )
    return {field.key: field for field in fields} | stored.fields_of(await stored.rows_of(scope.workspace_id))


async def _load_segments(scope: Scope, mentioned: frozenset[int]) -> dict[int, KnownSegment]:
    if not mentioned:
        return {}
    rows = await db.fetch(
        _REACHABLE, scope.workspace_id, [segment_id for segment_id in mentioned if abs(segment_id) < 2**63]
    )
    return {row["id"]: KnownSegment(row["name"], frozenset(row["uses"]), row["deleted"]) for row in rows}


# Both rules: rules active at the same time must never form a cycle.
_MENTIONED = """
jsonb_path_query(jsonb_build_array(s.rule, s.active_rule), '$.**.segment.segmentId ? (@.type() == "number")')
"""
_REACHABLE = f"""
WITH RECURSIVE reached (id) AS (
    SELECT unnest($2::bigint[])
    UNION
    SELECT mentioned.id::bigint
    FROM reached
    JOIN segments AS s ON s.workspace_id = $1 AND s.id = reached.id
    CROSS JOIN LATERAL {_MENTIONED} AS mentioned (id)
)
SELECT s.id, s.name, s.deleted_at IS NOT NULL AS deleted,
       ARRAY(SELECT DISTINCT id::bigint FROM {_MENTIONED} AS mentioned (id)) AS uses
FROM segments AS s
WHERE s.workspace_id = $1 AND s.id IN (SELECT id FROM reached)
"""
