"""A checked rule: an immutable, hashable tree.

Values are typed: numbers are Decimal, days date, instants aware datetimes in UTC, choices spelled as in the catalogue.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from models.rules.duration import Duration


class FieldType(StrEnum):
    """The type of a field."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DATETIME = "DATETIME"
    CHOICE = "CHOICE"
    MULTI_CHOICE = "MULTI_CHOICE"


class FieldOperator(StrEnum):
    """How a field or a metric is compared."""

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
    """How a contact's tags are compared with a list."""

    HAS_ANY = "HAS_ANY"
    HAS_ALL = "HAS_ALL"
    HAS_NONE = "HAS_NONE"


class ActivityMetric(StrEnum):
    """What is measured over a contact's activities."""

    COUNT = "COUNT"
    SUM = "SUM"
    AVERAGE = "AVERAGE"
    MINIMUM = "MINIMUM"
    MAXIMUM = "MAXIMUM"
    DISTINCT_COUNT = "DISTINCT_COUNT"
    FIRST_OCCURRED = "FIRST_OCCURRED"
    LAST_OCCURRED = "LAST_OCCURRED"


class ActivityOperator(StrEnum):
    """How a property of an activity is compared."""

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
    """A column of contacts, or a custom field."""

    key: str
    label: str
    type: FieldType
    custom: bool = False
    choices: tuple[str, ...] | None = None

    @property
    def attribute(self) -> str:
        """The key in `attributes` of a custom field."""
        return self.key.removeprefix("attributes.")


Scalar = str | bool | Decimal | date | datetime
Operand = Scalar | Duration | tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """A condition on a field of the contact."""

    field: Field
    operator: FieldOperator
    operand: Operand


@dataclass(frozen=True, slots=True)
class TagsCondition:
    """A condition on a contact's tags."""

    operator: TagsOperator
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentCondition:
    """Member of a segment, or not. A deleted segment has none."""

    segment_id: int
    member: bool
    name: str
    deleted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PropertyFilter:
    """A condition on one property of an activity."""

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
    """A metric over the activities of one kind of a contact."""

    kind: str
    metric: ActivityMetric
    property: str | None = None
    filters: tuple[PropertyFilter, ...] = ()
    within: Duration | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActivityCondition:
    """A comparison of a measure."""

    measure: Measure
    operator: FieldOperator
    operand: Operand


Leaf = FieldCondition | TagsCondition | SegmentCondition | ActivityCondition


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: "tuple[Rule, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: "tuple[Rule, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Rule"


Rule = Leaf | AllOf | AnyOf | Not


def each_leaf(rule: Rule) -> Iterator[Leaf]:
    """Every condition of a rule, from left to right."""
    match rule:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from each_leaf(part)
        case Not(part):
            yield from each_leaf(part)
        case _:
            yield rule


def count_conditions(rule: Rule) -> int:
    """Conditions in a rule, filters of activities included."""
    return sum(1 + len(leaf.measure.filters) if isinstance(leaf, ActivityCondition) else 1 for leaf in each_leaf(rule))
