"""Fields, kinds of activity and suggestions of values, for a rule builder."""

import strawberry

from models import db
from models.rule_catalogue import activity_kinds, suggestions
from permissions.capabilities import Permission
from schema.rules.types import ActivityKindInfo, RuleField
from schema.server.context import Info
from schema.server.execution.rows import all_shown
from schema.server.guard import query, scope_of
from schema.server.types.connection import page_size
from schema.server.types.scalars import JSON


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

    @query(
        Permission.SEGMENT_READ,
        cost=20,
        description="The kinds of activity that there are, with their properties: what a builder draws an activity condition"
        " from.",
    )
    async def activity_kinds(self, info: Info) -> list[ActivityKindInfo]:
        return all_shown(ActivityKindInfo, await activity_kinds.activity_kinds(scope_of(info)))

    @query(Permission.CONTACT_READ, cost=20)
    async def activity_value_suggestions(
        self, info: Info, kind: str, property: str, prefix: str | None = "", first: int | None = 10
    ) -> list[JSON]:
        limit = page_size(first, default=10)
        found = await activity_kinds.suggest_property_values(scope_of(info), kind, property, prefix or "", limit)
        return [JSON(db.dump_json(value)) for value in found]
