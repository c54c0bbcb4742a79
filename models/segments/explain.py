"""Explains why a contact is in a segment or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from models import clock, db
from models.errors import NotFound
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.compile import Lateral, condition_sql
from models.rules.describe import describe
from models.rules.fields import raw_sql
from models.rules.parameters import Parameters
from models.rules.tree import (
    ActivityCondition,
    AllOf,
    AnyOf,
    FieldCondition,
    Not,
    Rule,
    SegmentCondition,
    TagsCondition,
)
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """`actual` is the contact's value as JSON text; None for a group or a missing value."""

    holds: bool
    text: str
    actual: str | None
    children: tuple["RuleExplanation", ...]


@dataclass(frozen=True, slots=True)
class SegmentExplanation:
    """`rule` is None for STATIC segments, `since` for non-members."""

    member: bool
    override: str | None
    since: datetime | None
    rule: RuleExplanation | None


async def explain_membership(scope: Scope, segment_id: int, contact_id: int) -> SegmentExplanation:
    """Raises NotFound at `segmentId` or `contactId` when there is no such object."""
    found = await db.fetch_row(_MEMBERSHIP, scope.workspace_id, segment_id, contact_id)
    if found is None:
        raise NotFound("there is no such segment", ("segmentId",))
    if not found["contact"]:
        raise NotFound("there is no such contact", ("contactId",))
    rule_json = db.load_json(found["rule"])
    explained = None
    if rule_json is not None:
        rule = check(rule_json, await load_catalogue(scope, rule_json), stored=True)
        explained = await explain(scope, rule, contact_id, clock.now())
    return SegmentExplanation(found["joined_at"] is not None, found["override"], found["joined_at"], explained)


# The active rule, or the first while that is built.
_MEMBERSHIP = """
SELECT coalesce(s.active_rule, s.rule) AS rule, m.joined_at, o.override,
       EXISTS (SELECT FROM contacts AS c WHERE c.workspace_id = $1 AND c.id = $3) AS contact
FROM segments AS s
LEFT JOIN memberships AS m ON m.workspace_id = $1 AND m.segment_id = s.id AND m.contact_id = $3
LEFT JOIN membership_overrides AS o ON o.workspace_id = $1 AND o.segment_id = s.id AND o.contact_id = $3
WHERE s.workspace_id = $1 AND s.id = $2 AND s.deleted_at IS NULL
"""


async def explain(scope: Scope, rule: Rule, contact_id: int, now: datetime) -> RuleExplanation:
    """Explains the rule, part by part. Raises NotFound at `contactId` when there is no such contact."""
    p = Parameters(scope.workspace_id, scope.timezone)
    lookups = Lateral(p)
    parts = list(_each_part(rule))
    held = [f"({condition_sql(part, lookups, p)}) IS TRUE" for part in parts]
    actual = [_actual_sql(part, lookups) for part in parts]
    joins, contact = "\n".join(lookups.joins()), p.bind(contact_id, "bigint")
    row = await db.fetch_row(
        f"SELECT ARRAY[{', '.join(held)}] AS held, ARRAY[{', '.join(actual)}]::jsonb[] AS actual"  # noqa: S608
        f" FROM contacts AS c {joins} WHERE c.workspace_id = {p.workspace} AND c.id = {contact}",
        *await p.values(now),
    )
    if row is None:
        raise NotFound("there is no such contact", ("contactId",))
    return _assembled(rule, iter(zip(row["held"], row["actual"], strict=True)))


def _each_part(rule: Rule) -> Iterator[Rule]:
    yield rule
    for part in _parts(rule):
        yield from _each_part(part)


def _parts(rule: Rule) -> tuple[Rule, ...]:
    match rule:
        case AllOf(parts) | AnyOf(parts):
            return parts
        case Not(part):
            return (part,)
        case _:
            return ()


def _assembled(rule: Rule, results: Iterator[tuple[bool, str | None]]) -> RuleExplanation:
    holds, actual = next(results)
    children = tuple(_assembled(part, results) for part in _parts(rule))
    return RuleExplanation(holds, describe(rule), None if actual == "null" else actual, children)


def _actual_sql(rule: Rule, lookups: Lateral) -> str:
    match rule:
        case FieldCondition(field=field):
            return raw_sql(field)
        case TagsCondition():
            return "to_jsonb(c.tags)"
        case SegmentCondition(deleted=True):
            return "to_jsonb(FALSE)"
        case SegmentCondition(segment_id=segment_id):
            return f"to_jsonb(({lookups.member(segment_id)}) IS TRUE)"
        case ActivityCondition(measure=measure):
            return f"to_jsonb({lookups.metric(measure)})"
        case _:
            return "NULL"
