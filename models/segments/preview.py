"""How many contacts a rule finds now, and some of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from models import clock, db
from models.errors import NotFound
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.compile import whole
from models.rules.describe import describe
from models.rules.parameters import Parameters
from models.rules.tree import AllOf, AnyOf, Leaf, Not, Rule
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class Wanted:
    """`first`: how many contacts to show. `compare_to`: the segment with whose members to compare."""

    first: int = 0
    reachable: bool = False
    conditions: bool = False
    compare_to: int | None = None


@dataclass(frozen=True, slots=True)
class ConditionCount:
    """How many contacts a condition finds by itself; `path` begins as the paths of errors do."""

    path: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What would change if the segment had the rule: overrides are kept."""

    entering: int
    leaving: int


@dataclass(frozen=True, slots=True)
class Preview:
    """`reachable`, `conditions` and `difference` are there when they are wanted."""

    count: int
    contact_ids: tuple[int, ...]
    rule_text: str
    reachable: int = 0
    conditions: tuple[ConditionCount, ...] = ()
    difference: Difference | None = None


async def preview(scope: Scope, rule_json: object, wanted: Wanted) -> Preview:
    """Run an unsaved rule (JSON). Raises Problems below `rule`, and NotFound at `compareTo`."""
    rule = check(rule_json, await load_catalogue(scope, rule_json))
    if wanted.compare_to is not None:
        await _refuse_unknown(scope, wanted.compare_to)
    found = await _find(scope, rule, wanted)
    difference = None if wanted.compare_to is None else Difference(found["entering"], found["leaving"])
    conditions = await _count_conditions(scope, rule) if wanted.conditions else ()
    return Preview(found["count"], tuple(found["ids"]), describe(rule), found["reachable"], conditions, difference)


async def _refuse_unknown(scope: Scope, segment_id: int) -> None:
    known = "SELECT true FROM segments WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL"
    if not await db.fetch_value(known, scope.workspace_id, segment_id):
        raise NotFound("there is no such segment, or it is deleted", ("compareTo",))


async def _find(scope: Scope, rule: Rule, wanted: Wanted) -> db.Record:
    p = Parameters(scope.workspace_id, scope.timezone)
    compiled = whole([rule], p)
    sql = _FIND.format(
        joins=compiled.joins,
        workspace=p.workspace,
        condition=compiled.conditions[0],
        first=p.bind(wanted.first, "bigint"),
        reachable=_REACHABLE if wanted.reachable else "false",
        difference="" if wanted.compare_to is None else _difference(wanted.compare_to, p),
    )
    row = await db.fetch_row(sql, *await p.values(clock.now()))
    assert row is not None, "an aggregate has a row"
    return row


# Not materialized, LIMIT makes the planner test a rule that finds few contacts row by row.
_FIND = """
WITH found AS MATERIALIZED (
    SELECT c.id, {reachable} AS reachable FROM contacts AS c {joins} WHERE c.workspace_id = {workspace} AND {condition}
)
SELECT (SELECT count(*) FROM found) AS count, (SELECT count(*) FROM found WHERE reachable) AS reachable,
       ARRAY(SELECT id FROM found ORDER BY id LIMIT {first}) AS ids {difference}
"""

_REACHABLE = "(c.phone ~ '[0-9]' AND c.whatsapp_consent <> 'OPTED_OUT')"


def _difference(segment_id: int, p: Parameters) -> str:
    return _DIFFERENCE.format(workspace=p.workspace, segment=p.bind(segment_id, "bigint"))


_DIFFERENCE = """
, (SELECT count(*) FROM found
   WHERE NOT EXISTS (SELECT 1 FROM memberships m
                     WHERE m.workspace_id = {workspace} AND m.segment_id = {segment} AND m.contact_id = found.id)
     AND NOT EXISTS (SELECT 1 FROM membership_overrides o
                     WHERE o.workspace_id = {workspace} AND o.segment_id = {segment} AND o.contact_id = found.id
                       AND o.override = 'EXCLUDE')) AS entering,
  (SELECT count(*) FROM memberships m
   WHERE m.workspace_id = {workspace} AND m.segment_id = {segment}
     AND NOT EXISTS (SELECT 1 FROM found WHERE found.id = m.contact_id)
     AND NOT EXISTS (SELECT 1 FROM membership_overrides o
                     WHERE o.workspace_id = {workspace} AND o.segment_id = {segment} AND o.contact_id = m.contact_id
                       AND o.override = 'INCLUDE')) AS leaving
"""


# ---------------------------------------------------------------- each condition by itself


async def _count_conditions(scope: Scope, rule: Rule) -> tuple[ConditionCount, ...]:
    """All of them in one pass over the contacts."""
    leaves = list(_each_condition(rule, ("rule",)))
    p = Parameters(scope.workspace_id, scope.timezone)
    compiled = whole([leaf for _, leaf in leaves], p)
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in compiled.conditions)
    counted = await db.fetch_value(
        f"SELECT ARRAY[{counts}] FROM contacts AS c {compiled.joins} WHERE c.workspace_id = {p.workspace}",  # noqa: S608
        *await p.values(clock.now()),
    )
    return tuple(ConditionCount(path, count) for (path, _), count in zip(leaves, counted, strict=True))


def _each_condition(rule: Rule, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    match rule:
        case AllOf(parts) | AnyOf(parts):
            group = "all" if isinstance(rule, AllOf) else "any"
            for index, part in enumerate(parts):
                yield from _each_condition(part, (*path, group, str(index)))
        case Not(part):
            yield from _each_condition(part, (*path, "not"))
        case _:
            yield path, rule
