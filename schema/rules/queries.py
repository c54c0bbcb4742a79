"""Fields, suggestions and the text form, for a rule builder."""

import strawberry

from models.rule_catalogue import suggestions
from models.rule_catalogue.queries import canonical, read_query, write_query
from models.rules.query.mistakes import QueryError, QueryProblems, line_and_column
from permissions.capabilities import Permission
from schema.rules.inputs import RuleInput, rule_from_input, rule_to_output
from schema.rules.query_inputs import find_segment_id, segment_id_outside
from schema.rules.query_types import RuleParse, RuleQueryError
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

    @query(
        Permission.SEGMENT_READ,
        description="A rule in its text form, read. Never fails: what is wrong is in `errors`.",
    )
    async def rule_from_query(self, info: Info, query: str) -> RuleParse:
        scope = scope_of(info)
        try:
            read = await read_query(scope, query, find_segment_id)
        except QueryProblems as problems:
            return RuleParse(rule=None, query=None, errors=[_error(error, query) for error in problems.errors])
        text = await canonical(scope, read, segment_id_outside)
        return RuleParse(rule=rule_to_output(read.json), query=text, errors=[])

    @query(
        Permission.SEGMENT_READ,
        description="The text form of a rule, written canonically: `ruleFromQuery` gives the same rule back.",
    )
    async def rule_to_query(self, info: Info, rule: RuleInput) -> str:
        return await write_query(scope_of(info), rule_from_input(rule), segment_id_outside)


def _error(error: QueryError, text: str) -> RuleQueryError:
    line, column = line_and_column(text, error.span[0])
    return RuleQueryError(
        code=error.code.value,
        message=error.message,
        start=error.span[0],
        end=error.span[1],
        line=line,
        column=column,
        expected=list(error.expected),
        replacement=error.replacement,
        path=list(error.path),
    )
