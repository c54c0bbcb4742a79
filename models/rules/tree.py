"""A checked rule: immutable and hashable.

Numbers are Decimal, instants aware datetimes in UTC, choices spelled as in the catalogue.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from models.rules.duration import Duration


class FieldType(StrEnum):
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DATETIME = "DATETIME"
    CHOICE = "CHOICE"
    MULTI_CHOICE = "MULTI_CHOICE"


class FieldOperator(StrEnum):
    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT_EQUALS"
    IN = "IN"
    NOT_IN = "NOT_IN"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT_CONTAINS"
    STARTS_WITH = "STARTS_WITH"
    ENDS_WITH = "ENDS_WITH"
    IS_SET = "IS_SET"
    IS_NOT_SET = "IS_NOT_SET"
    LT = "LT"
    LTE = "LTE"
    GT = "GT"
    GTE = "GTE"
    BETWEEN = "BETWEEN"
    HAS_ANY = "HAS_ANY"
    HAS_ALL = "HAS_ALL"
    HAS_NONE = "HAS_NONE"
    WITHIN_LAST = "WITHIN_LAST"
    MORE_THAN_AGO = "MORE_THAN_AGO"
    WITHIN_NEXT = "WITHIN_NEXT"
    MORE_THAN_AHEAD = "MORE_THAN_AHEAD"
    ANNIVERSARY_WITHIN_NEXT = "ANNIVERSARY_WITHIN_NEXT"


class TagsOperator(StrEnum):
    HAS_ANY = "HAS_ANY"
    HAS_ALL = "HAS_ALL"
    HAS_NONE = "HAS_NONE"


class ActivityMetric(StrEnum):
    COUNT = "COUNT"
    SUM = "SUM"
    AVERAGE = "AVERAGE"
    MINIMUM = "MINIMUM"
    MAXIMUM = "MAXIMUM"
    DISTINCT_COUNT = "DISTINCT_COUNT"
    FIRST_OCCURRED = "FIRST_OCCURRED"
    LAST_OCCURRED = "LAST_OCCURRED"


class ActivityOperator(StrEnum):
    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT_EQUALS"
    IN = "IN"
    NOT_IN = "NOT_IN"
    CONTAINS = "CONTAINS"
    LT = "LT"
    LTE = "LTE"
    GT = "GT"
    GTE = "GTE"
    IS_SET = "IS_SET"
    IS_NOT_SET = "IS_NOT_SET"


@dataclass(frozen=True, slots=True)
class Field:
    """`custom`: in `attributes`. `score`: of a score model, `scores.<key>` or `scores.<key>.level`."""

    key: str
    label: str
    type: FieldType
    custom: bool = False
    choices: tuple[str, ...] | None = None
    score: bool = False

    @property
    def attribute(self) -> str:
        """The key of a custom field in `attributes`."""
        return self.key.removeprefix("attributes.")


Scalar = str | bool | Decimal | date | datetime
Operand = Scalar | Duration | tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class FieldCondition:
    field: Field
    operator: FieldOperator
    operand: Operand


@dataclass(frozen=True, slots=True)
class TagsCondition:
    operator: TagsOperator
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentCondition:
    """Whether the contact is a member of a segment; a deleted segment has no members."""

    segment_id: int
    member: bool
    name: str
    deleted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PropertyFilter:
    property: str
    operator: ActivityOperator
    operand: str | bool | Decimal | tuple[str | bool | Decimal, ...] | None

    # To Python, True equals 1; equal measures are computed once.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, PropertyFilter) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str, str, str]:
        return self.property, self.operator, repr(self.operand)


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric over a contact's activities of one kind."""

    kind: str
    metric: ActivityMetric
    property: str | None = None
    filters: tuple[PropertyFilter, ...] = ()
    within: Duration | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActivityCondition:
    measure: Measure
    operator: FieldOperator
    operand: Operand


Leaf = FieldCondition | TagsCondition | SegmentCondition | ActivityCondition


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[Rule, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: "tuple[Rule, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Rule"


Rule = Leaf | AllOf | AnyOf | Not


def each_leaf(rule: Rule) -> Iterator[Leaf]:
    """Yields every condition of a rule, from left to right."""
    match rule:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from each_leaf(part)
        case Not(part):
            yield from each_leaf(part)
        case _:
            yield rule


def count_conditions(rule: Rule) -> int:
    """Counts the conditions of a rule, with the filters of activities."""
    return sum(1 + len(leaf.measure.filters) if isinstance(leaf, ActivityCondition) else 1 for leaf in each_leaf(rule))
