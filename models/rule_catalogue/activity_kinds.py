"""The kinds of activity that a workspace has recorded, their properties, and values of these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import db
from models.db.distinct import distinct
from models.rules.tree import FieldType
from models.values.texts import escape_like, storable
from permissions.principal import Scope

MAX_KINDS: Final = 1_000

NEWEST: Final = 1_000
"""Activities of a kind whose properties are looked at."""

NEWEST_FOR_TYPES: Final = 200
"""The same, where all kinds are looked at once."""

SUGGESTED_FROM: Final = 5_000
"""The newest activities of a kind whose values are suggested."""


@dataclass(frozen=True, slots=True)
class ActivityProperty:
    """`types` are TEXT, NUMBER or BOOLEAN, those of the items of lists too, the most frequent first."""

    property: str
    types: Sequence[FieldType]


@dataclass(frozen=True, slots=True)
class ActivityKind:
    kind: str
    last_occurred_at: datetime | None
    properties: Sequence[ActivityProperty]


async def kinds(scope: Scope) -> list[str]:
    """Up to MAX_KINDS, from A to Z."""
    return [row["kind"] for row in await db.fetch(_KINDS, scope.workspace_id, MAX_KINDS)]


_KINDS: Final = f"{distinct('activities', 'kind', 'workspace_id = $1')} LIMIT $2"


async def activity_kinds(scope: Scope) -> list[ActivityKind]:
    """All kinds from A to Z. Their properties are those of the newest activities, the most frequent first."""
    found = await kinds(scope)
    rows = await db.fetch(_PROPERTIES_OF_ALL, scope.workspace_id, found, NEWEST_FOR_TYPES)
    properties: dict[str, dict[str, list[FieldType]]] = {}
    for row in rows:
        types = properties.setdefault(row["kind"], {}).setdefault(row["property"], [])
        if row["type"] is not None:
            types.append(_TYPES[row["type"]])
    last = {row["kind"]: row["at"] for row in await db.fetch(_LAST, scope.workspace_id, found)}
    return [
        ActivityKind(kind, last.get(kind), [ActivityProperty(*one) for one in properties.get(kind, {}).items()])
        for kind in found
    ]


_TYPES: Final[Mapping[str, FieldType]] = {
    "string": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "boolean": FieldType.BOOLEAN,
}

_LAST: Final = """
    SELECT wanted.kind, last.occurred_at AS at
    FROM unnest($2::text[]) AS wanted (kind)
    CROSS JOIN LATERAL (
        SELECT a.occurred_at FROM activities a WHERE a.workspace_id = $1 AND a.kind = wanted.kind
        ORDER BY a.occurred_at DESC LIMIT 1
    ) AS last
"""

_PROPERTIES_OF_ALL: Final = """
    WITH held AS (
        SELECT wanted.kind, newest.id, pair.key AS property, jsonb_typeof(item.value) AS type
        FROM unnest($2::text[]) AS wanted (kind)
        CROSS JOIN LATERAL (
            SELECT a.id, a.properties FROM activities a WHERE a.workspace_id = $1 AND a.kind = wanted.kind
            ORDER BY a.occurred_at DESC LIMIT $3
        ) AS newest
        CROSS JOIN LATERAL jsonb_each(newest.properties) AS pair
        LEFT JOIN LATERAL jsonb_array_elements(
            CASE WHEN jsonb_typeof(pair.value) = 'array' THEN pair.value ELSE jsonb_build_array(pair.value) END
        ) AS item ON jsonb_typeof(item.value) IN ('string', 'number', 'boolean')
    ), counted AS (
        SELECT kind, property, type, count(DISTINCT id) AS number,
               sum(count(DISTINCT id)) OVER (PARTITION BY kind, property) AS whole
        FROM held GROUP BY kind, property, type
    )
    SELECT kind, property, type FROM counted ORDER BY kind, whole DESC, property, number DESC, type
"""


async def properties(scope: Scope, kind: str) -> list[str]:
    """Those of the newest activities of a kind, the most frequent first."""
    rows = await db.fetch(_PROPERTIES, scope.workspace_id, storable(kind), NEWEST)
    return [row["name"] for row in rows]


_PROPERTIES: Final = """
    SELECT name FROM (
        SELECT properties FROM activities WHERE workspace_id = $1 AND kind = $2 ORDER BY occurred_at DESC LIMIT $3
    ) AS newest
    CROSS JOIN LATERAL jsonb_object_keys(newest.properties) AS name
    GROUP BY name ORDER BY count(*) DESC, name
"""


async def suggest_property_values(scope: Scope, kind: str, name: str, prefix: str, first: int) -> list[Any]:
    """Texts, numbers and booleans that begin with `prefix` in any case, the most frequent first; of lists, the items."""
    asked = (storable(kind), storable(name), escape_like(storable(prefix)), SUGGESTED_FROM, first)
    rows = await db.fetch(_VALUES, scope.workspace_id, *asked)
    return [db.load_json(row["value"]) for row in rows]


_VALUES: Final = """
    SELECT min(held.value::text) AS value FROM (
        SELECT properties -> $3 AS value FROM activities
        WHERE workspace_id = $1 AND kind = $2 ORDER BY occurred_at DESC LIMIT $5
    ) AS newest
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE WHEN jsonb_typeof(newest.value) = 'array' THEN newest.value ELSE jsonb_build_array(newest.value) END
    ) AS held (value)
    WHERE jsonb_typeof(held.value) IN ('string', 'number', 'boolean') AND held.value <> '""'
      AND lower(held.value #>> '{}') LIKE lower($4) || '%'
    GROUP BY jsonb_typeof(held.value), lower(held.value #>> '{}')
    ORDER BY count(*) DESC, lower(held.value #>> '{}') LIMIT $6
"""
