"""Rules as text: read, written and completed."""

import strawberry

from models.rule_catalogue.completions import complete_query
from models.rule_catalogue.queries import canonical, parse_query, read_query, write_query
from models.rules.query.mistakes import QueryError, QueryProblems, line_and_column
from permissions.capabilities import Permission
from permissions.policy import allows
from schema.rules.inputs import RuleInput, rule_from_input, rule_to_output
from schema.rules.query_inputs import find_segment_id, segment_id_outside
from schema.rules.query_types import RuleParse, RuleQueryCompletion, RuleQueryError
from schema.server.context import Info
from schema.server.execution.rows import all_shown
from schema.server.guard import query, scope_of


@strawberry.type
class RuleTextQuery:
    @query(
        Permission.SEGMENT_READ,
        description="A rule in its text form, read. Never fails: what is wrong is in `errors`.",
    )
    async def rule_from_query(self, info: Info, query: str) -> RuleParse:
        scope = scope_of(info)
        try:
            read = await read_query(scope, await parse_query(query), find_segment_id)
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

    @query(
        Permission.SEGMENT_READ,
        cost=5,
        description="What may come next at `cursor` (characters from the start), at most ten. Values that contacts have are only"
        " for callers with CONTACT_READ.",
    )
    async def rule_query_completions(self, info: Info, query: str, cursor: int) -> list[RuleQueryCompletion]:
        scope = scope_of(info)
        may_read = allows(scope.principal, Permission.CONTACT_READ)
        found = await complete_query(scope, query, cursor, segment_id_outside, with_values=may_read)
        return all_shown(RuleQueryCompletion, found)


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
