"""Fields and suggestions for a rule builder."""

import strawberry

from models.rule_catalogue import suggestions
from permissions.capabilities import Permission
from schema.rules.types import RuleField
from schema.server.context import Info
from schema.server.execution.rows import all_shown
from schema.server.guard import query, scope_of
from schema.server.types.connection import page_size


@strawberry.type
class RuleQuery:
    @query(Permission.SEGMENT_READ)
    async def rule_fields(self, info: Info) -> list[RuleField]:
        return all_shown(RuleField, await suggestions.rule_fields(scope_of(info)))

    @query(Permission.CONTACT_READ, cost=20)
    async def rule_value_suggestions(
        self, info: Info, field: str, prefix: str | None = "", first: int | None = 10
    ) -> list[str]:
        return await suggestions.suggest_values(scope_of(info), field, prefix or "", page_size(first, default=10))
