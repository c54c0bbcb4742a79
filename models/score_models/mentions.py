"""Which rules and workflows name a score, and scores that would depend on themselves."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from models import db
from models.errors import InUse, Invalid
from models.rules.depends import segments_mentioned
from permissions.principal import Scope


async def refuse_used(scope: Scope, key: str) -> None:
    """Raises InUse with what reads the score."""
    rows = await db.fetch(_USERS, scope.workspace_id, f'%"scores.{key}"%', f'%"scores.{key}.level"%')
    if rows:
        named = ", ".join(f"{row['kind']} {row['name']}" for row in rows[:5])
        raise InUse(f"it is read by {named}: change that first", ("id",))


_USERS: Final = """
    SELECT 'the segment' AS kind, name FROM segments
    WHERE workspace_id = $1 AND deleted_at IS NULL AND kind <> 'STATIC'
      AND (rule::text LIKE $2 OR rule::text LIKE $3 OR active_rule::text LIKE $2 OR active_rule::text LIKE $3)
    UNION ALL
    SELECT 'the score', name FROM score_models
    WHERE workspace_id = $1 AND (definition::text LIKE $2 OR definition::text LIKE $3)
    UNION ALL
    SELECT DISTINCT 'the workflow', w.name FROM workflows AS w
    LEFT JOIN workflow_versions AS v ON v.workspace_id = $1 AND v.workflow_id = w.id AND v.followed_by IS NULL
    WHERE w.workspace_id = $1 AND w.status <> 'ARCHIVED'
      AND (w.draft::text LIKE $2 OR w.draft::text LIKE $3 OR v.graph::text LIKE $2 OR v.graph::text LIKE $3)
    LIMIT 6
"""


def keys_named(rule_json: object) -> frozenset[str]:
    """The scores that the fields of a rule (JSON) name."""
    found: set[str] = set()
    waiting: list[Any] = [rule_json]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            named = part.get("field")
            if isinstance(named, str) and named.startswith("scores."):
                found.add(named.removeprefix("scores.").removesuffix(".level"))
            waiting += part.values()
    return frozenset(found)


async def refuse_cycle(scope: Scope, key: str, rules: Sequence[object], segment_id: int | None = None) -> None:
    """Raises Invalid when rules that decide about the score `key` (or, without a key, the segment) lead back to it."""
    segments = frozenset[int]().union(*map(segments_mentioned, rules))
    keys = frozenset[str]().union(*map(keys_named, rules))
    seen_segments: set[int] = set()
    seen_keys: set[str] = set()
    while segments or keys:
        if (key and key in keys) or (segment_id is not None and segment_id in segments):
            raise Invalid("a score cannot depend on itself: its rules, or the segments that they name, read it")
        seen_segments |= segments
        seen_keys |= keys
        below = await _rules_below(scope, segments, keys)
        segments = frozenset[int]().union(*map(segments_mentioned, below)) - seen_segments
        keys = frozenset[str]().union(*map(keys_named, below)) - seen_keys


async def _rules_below(scope: Scope, segment_ids: Collection[int], keys: Collection[str]) -> list[object]:
    rows = await db.fetch(_BELOW, scope.workspace_id, [one for one in segment_ids if abs(one) < 2**63], list(keys))
    return [db.load_json(row["rule"]) for row in rows if row["rule"] is not None]


_BELOW: Final = """
    SELECT unnest(ARRAY[rule, active_rule]) AS rule FROM segments WHERE workspace_id = $1 AND id = ANY ($2::bigint[])
    UNION ALL
    SELECT jsonb_path_query(unnest(ARRAY[definition, active_definition]), 'lax $.groups[*].parts[*].earn.while')
    FROM score_models WHERE workspace_id = $1 AND key = ANY ($3::text[])
"""
