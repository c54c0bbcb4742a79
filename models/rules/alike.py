"""Rules that differ only in the values of equality tests.

A join by equality never compares most pairs of contact and rule.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.rules.compile import where
from models.rules.parameters import Parameters, Resolve
from models.rules.tree import (
    ActivityCondition,
    AllOf,
    FieldCondition,
    FieldOperator,
    FieldType,
    Rule,
    SegmentCondition,
    each_leaf,
)

FEWEST: Final = 8
"""Fewer rules are not worth a join of their own (ADR 55)."""


@dataclass(frozen=True, slots=True)
class Alike:
    """One condition for several rules, on contact `c` and row `v` of `table`, which has the segment's id."""

    segment_ids: Sequence[int]
    condition: str
    table: str


def in_groups(rules: Mapping[int, Rule], p: Parameters, fewest: int = FEWEST) -> list[Alike]:
    """Returns groups of at least `fewest` rules that are alike, from rules by segment id."""
    by_condition: dict[tuple[str, tuple[str, ...]], dict[int, _Values]] = {}
    for segment_id, rule in rules.items():
        if _asks_for_equality(rule) and _reads_the_contact_alone(rule):
            values = _Values(p)
            condition = where(rule, values)
            by_condition.setdefault((condition, tuple(values.types)), {})[segment_id] = values
    return [
        Alike(tuple(values_of), condition, _table(values_of, types, p))
        for (condition, types), values_of in by_condition.items()
        if len(values_of) >= fewest
    ]


def _asks_for_equality(rule: Rule) -> bool:
    match rule:
        case FieldCondition(field, FieldOperator.EQUALS):
            return field.type is not FieldType.BOOLEAN
        case AllOf(parts):
            return any(map(_asks_for_equality, parts))
        case _:
            return False


def _reads_the_contact_alone(rule: Rule) -> bool:
    return not any(
        isinstance(leaf, ActivityCondition | SegmentCondition)
        or (isinstance(leaf, FieldCondition) and leaf.field.score)
        for leaf in each_leaf(rule)
    )


class _Values(Parameters):
    """Makes each value a column of its own: values that are equal here may differ in another rule."""

    def __init__(self, statement: Parameters) -> None:
        self._statement = statement
        self.types: list[str] = []
        self.resolve: list[Resolve] = []

    def text_index(self, text: str) -> int:
        return self._statement.text_index(text)

    def _add(self, key: Hashable, sql_type: str, resolve: Resolve) -> str:  # noqa: ARG002 - equal values are not shared
        self.types.append(sql_type)
        self.resolve.append(resolve)
        return f"v.p{len(self.types)}"


def _table(values_of: Mapping[int, _Values], types: Sequence[str], p: Parameters) -> str:
    """Values are text, because PostgreSQL flattens arrays of arrays."""
    ids = p.bind(tuple(values_of), "bigint[]")
    columns = [
        p.column([values.resolve[index] for values in values_of.values()], sql_type)
        for index, sql_type in enumerate(types)
    ]
    names = [f"p{index}" for index, _ in enumerate(types, start=1)]
    read = [f"{name}::{sql_type}" for name, sql_type in zip(names, types, strict=True)]
    return (
        f"SELECT {', '.join(['segment_id', *read])}"
        f" FROM unnest({', '.join([ids, *columns])}) AS rule ({', '.join(['segment_id', *names])})"
    )
