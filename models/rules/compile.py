"""Compiles rules to SQL conditions on contact `c`.

Null means false. The caller adds `c.workspace_id = {p.workspace}`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from models.rules.comparisons import Time, both, compare_number, compare_time, is_true_of_zero, lacks
from models.rules.fields import field_sql, tags_sql
from models.rules.measures import ZERO_WITHOUT_ACTIVITIES, aggregate, is_measured
from models.rules.parameters import Parameters
from models.rules.tree import (
    ActivityCondition,
    ActivityMetric,
    AllOf,
    AnyOf,
    FieldCondition,
    Measure,
    Not,
    Rule,
    SegmentCondition,
    TagsCondition,
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """One condition per rule, and the joins for `FROM contacts AS c`."""

    conditions: tuple[str, ...]
    joins: str


def where(rule: Rule, p: Parameters) -> str:
    """A condition without joins, for a page or a filter."""
    return condition_sql(rule, Correlated(p), p)


def whole(rules: Sequence[Rule], p: Parameters) -> Compiled:
    """For all contacts: activities are grouped once per kind and joined by hash."""
    return _compiled(rules, Grouped(p), p)


def batch(rules: Sequence[Rule], p: Parameters, given: Collection[int] = ()) -> Compiled:
    """For some contacts and many rules: per contact one subquery on activities, one on memberships.

    The members of the segments `given` are passed by each run as `members_<id>`.
    """
    return _compiled(rules, Lateral(p, given), p)


def _compiled(rules: Sequence[Rule], lookups: "Grouped | Lateral", p: Parameters) -> Compiled:
    conditions = tuple(condition_sql(rule, lookups, p) for rule in rules)
    return Compiled(conditions, "\n".join(lookups.joins()))


# ---------------------------------------------------------------- a rule


class Lookups(Protocol):
    """How a condition reaches activities and memberships of contact `c`."""

    @property
    def null_is_zero(self) -> bool:
        """Whether a count or sum without activities is null."""

    def metric(self, measure: Measure) -> str:
        """Returns an SQL expression, which is null when there is no value."""

    def member(self, segment_id: int) -> str:
        """Returns an SQL condition: the contact is a member of the segment."""

    def no_member(self, segment_id: int) -> str:
        """The opposite, in a form that allows an anti-join."""


def condition_sql(rule: Rule, lookups: Lookups, p: Parameters) -> str:
    match rule:
        case AllOf(parts):
            return f"({' AND '.join(condition_sql(part, lookups, p) for part in parts)})"
        case AnyOf(parts):
            return f"({' OR '.join(condition_sql(part, lookups, p) for part in parts)})"
        case Not(SegmentCondition() as condition):
            return _segment_sql(replace(condition, member=not condition.member), lookups)
        case Not(part):
            return lacks(condition_sql(part, lookups, p))
        case FieldCondition():
            return field_sql(rule, p)
        case TagsCondition():
            return tags_sql(rule, p)
        case SegmentCondition():
            return _segment_sql(rule, lookups)
        case ActivityCondition():
            return _activity_sql(rule, lookups, p)
        case _:
            assert_never(rule)


def _segment_sql(condition: SegmentCondition, lookups: Lookups) -> str:
    if condition.deleted:
        return "FALSE" if condition.member else "TRUE"
    return lookups.member(condition.segment_id) if condition.member else lookups.no_member(condition.segment_id)


def _activity_sql(condition: ActivityCondition, lookups: Lookups, p: Parameters) -> str:
    metric = lookups.metric(condition.measure)
    if condition.measure.metric in ZERO_WITHOUT_ACTIVITIES and lookups.null_is_zero:
        # If 0 does not match, null must not match: then PostgreSQL can start from contacts with activities.
        zero = f"coalesce({metric}, 0)" if is_true_of_zero(condition.operator, condition.operand) else metric
        return compare_number(zero, condition.operator, condition.operand, p)
    if condition.measure.metric in (ActivityMetric.FIRST_OCCURRED, ActivityMetric.LAST_OCCURRED):
        return compare_time(Time(metric, days=False), condition.operator, condition.operand, p)
    return compare_number(metric, condition.operator, condition.operand, p)


# ---------------------------------------------------------------- three ways to reach other tables


@dataclass(slots=True)
class Correlated:
    p: Parameters
    null_is_zero: bool = False

    def metric(self, measure: Measure) -> str:
        which = both(f"a.kind = {self.p.bind(measure.kind, 'text')}", *is_measured(measure, self.p))
        return (
            f"(SELECT {aggregate(measure, self.p)} FROM activities AS a"
            f" WHERE a.workspace_id = {self.p.workspace} AND a.contact_id = c.id AND {which})"
        )

    def member(self, segment_id: int) -> str:
        return (
            f"EXISTS (SELECT 1 FROM memberships AS m WHERE m.workspace_id = {self.p.workspace}"
            f" AND m.segment_id = {self.p.bind(segment_id, 'bigint')} AND m.contact_id = c.id)"
        )

    def no_member(self, segment_id: int) -> str:
        return f"NOT {self.member(segment_id)}"


class Grouped:
    null_is_zero = True

    def __init__(self, p: Parameters) -> None:
        self.p = p
        self.measures: defaultdict[str, list[Measure]] = defaultdict(list)
        self.segments: list[int] = []

    def metric(self, measure: Measure) -> str:
        measures = self.measures[measure.kind]
        if measure not in measures:
            measures.append(measure)
        return f"g{list(self.measures).index(measure.kind)}.m{measures.index(measure)}"

    def member(self, segment_id: int) -> str:
        return f"{self._membership(segment_id)} IS NOT NULL"

    def no_member(self, segment_id: int) -> str:
        return f"{self._membership(segment_id)} IS NULL"

    def _membership(self, segment_id: int) -> str:
        if segment_id not in self.segments:
            self.segments.append(segment_id)
        return f"s{self.segments.index(segment_id)}.contact_id"

    def joins(self) -> Iterator[str]:
        for number, (kind, measures) in enumerate(self.measures.items()):
            yield f"LEFT JOIN ({self._grouping(kind, measures)}) AS g{number} ON g{number}.contact_id = c.id"
        for number, segment_id in enumerate(self.segments):
            s = f"s{number}"
            yield (
                f"LEFT JOIN memberships AS {s} ON {s}.workspace_id = {self.p.workspace}"
                f" AND {s}.segment_id = {self.p.bind(segment_id, 'bigint')} AND {s}.contact_id = c.id"
            )

    def _grouping(self, kind: str, measures: Sequence[Measure]) -> str:
        """Shared conditions go into WHERE, others into FILTER."""
        taken = [is_measured(measure, self.p) for measure in measures]
        common = [condition for condition in taken[0] if all(condition in other for other in taken)]
        metrics = [
            f"{aggregate(measure, self.p, ' AND '.join(own for own in conditions if own not in common))} AS m{number}"
            for number, (measure, conditions) in enumerate(zip(measures, taken, strict=True))
        ]
        which = [f"a.workspace_id = {self.p.workspace}", f"a.kind = {self.p.bind(kind, 'text')}", *common]
        return (
            f"SELECT a.contact_id, {', '.join(metrics)} FROM activities AS a"
            f" WHERE {' AND '.join(which)} GROUP BY a.contact_id"
        )


LATERAL_COLUMNS = 1_000
"""Per subquery. PostgreSQL allows 1,664."""


class Lateral:
    null_is_zero = False

    def __init__(self, p: Parameters, given: Collection[int] = ()) -> None:
        self.p = p
        self.measures: dict[Measure, int] = {}
        self.segments: dict[int, None] = {}
        self.given = frozenset(given)

    def metric(self, measure: Measure) -> str:
        number = self.measures.setdefault(measure, len(self.measures))
        return f"g{number // LATERAL_COLUMNS}.m{number}"

    def member(self, segment_id: int) -> str:
        if segment_id in self.given:
            return f"c.id = ANY ({self.p.named(f'members_{segment_id}', 'bigint[]')})"
        self.segments.setdefault(segment_id)
        return f"{self.p.bind(segment_id, 'bigint')} = ANY (s.ids)"

    def no_member(self, segment_id: int) -> str:
        return lacks(self.member(segment_id))

    def joins(self) -> Iterator[str]:
        numbered = list(self.measures.items())
        for number, start in enumerate(range(0, len(numbered), LATERAL_COLUMNS)):
            yield f"CROSS JOIN LATERAL ({self._lookup(numbered[start : start + LATERAL_COLUMNS])}) AS g{number}"
        if self.segments:
            yield (
                "CROSS JOIN LATERAL (SELECT array_agg(m.segment_id) AS ids FROM memberships AS m"
                f" WHERE m.workspace_id = {self.p.workspace} AND m.contact_id = c.id"
                f" AND m.segment_id = ANY ({self.p.bind(tuple(self.segments), 'bigint[]')})) AS s"
            )

    def _lookup(self, numbered: Sequence[tuple[Measure, int]]) -> str:
        metrics = []
        for measure, number in numbered:
            only = [f"a.kind = {self.p.bind(measure.kind, 'text')}", *is_measured(measure, self.p)]
            metrics.append(f"{aggregate(measure, self.p, ' AND '.join(only))} AS m{number}")
        kinds = tuple(dict.fromkeys(measure.kind for measure, _ in numbered))
        return (
            f"SELECT {', '.join(metrics)} FROM activities AS a"
            f" WHERE a.workspace_id = {self.p.workspace} AND a.contact_id = c.id"
            f" AND a.kind = ANY ({self.p.bind(kinds, 'text[]')})"
        )
