"""Keeps the rules that a segment had, and what difference each made."""

from models import clock, db
from permissions.principal import PrincipalKind, Scope


async def record(scope: Scope, segment_id: int, rule_json: str, rule_version: int) -> None:
    """In the transaction that gives the segment the rule, and holds its row."""
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    await db.execute(_RECORD, scope.workspace_id, segment_id, rule_json, rule_version, clock.now(), by)


_RECORD = """
    INSERT INTO segment_rule_versions (workspace_id, segment_id, number, rule, rule_version, set_at, set_by)
    SELECT $1, $2, coalesce(max(number), 0) + 1, $3::jsonb, $4::integer, $5::timestamptz, $6::bigint
    FROM segment_rule_versions WHERE workspace_id = $1 AND segment_id = $2
"""


async def take_effect(workspace_id: int, segment_id: int, rule_version: int, entered: int, left: int) -> None:
    """In the transaction that swaps the members of `rule_version` in. A rule that is built again keeps its first numbers."""
    await db.execute(_TAKE_EFFECT, workspace_id, segment_id, rule_version, entered, left)


_TAKE_EFFECT = """
    UPDATE segment_rule_versions SET entered = $4, "left" = $5
    WHERE workspace_id = $1 AND segment_id = $2 AND entered IS NULL
      AND number = (SELECT max(number) FROM segment_rule_versions
                    WHERE workspace_id = $1 AND segment_id = $2 AND rule_version <= $3)
"""
