"""How many contacts a rule finds now, and some of them."""

from dataclasses import dataclass

from models import clock, db
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.compile import whole
from models.rules.describe import describe
from models.rules.parameters import Parameters
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class Preview:
    count: int
    contact_ids: tuple[int, ...]
    rule_text: str


async def preview(scope: Scope, rule_json: object, first: int) -> Preview:
    """Run an unsaved rule (JSON). Raises Problems below `rule`."""
    rule = check(rule_json, await load_catalogue(scope, rule_json))
    p = Parameters(scope.workspace_id, scope.timezone)
    compiled = whole([rule], p)
    sql = _FIND.format(
        joins=compiled.joins, workspace=p.workspace, condition=compiled.conditions[0], first=p.bind(first, "bigint")
    )
    row = await db.fetch_row(sql, *await p.values(clock.now()))
    assert row is not None, "an aggregate has a row"
    return Preview(row["count"], tuple(row["ids"]), describe(rule))


# Not materialized, LIMIT makes the planner test a rule that finds few contacts row by row.
_FIND = """
WITH found AS MATERIALIZED (
    SELECT c.id FROM contacts AS c {joins} WHERE c.workspace_id = {workspace} AND {condition}
)
SELECT (SELECT count(*) FROM found) AS count, ARRAY(SELECT id FROM found ORDER BY id LIMIT {first}) AS ids
"""
