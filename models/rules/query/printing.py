"""Writes a rule as text, in the one way that is canonical."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from models.rules.catalogue import Catalogue
from models.rules.duration import Duration
from models.rules.query.context import short_key
from models.rules.query.words import METRICS, PHRASES, TAGGED, UNITS, name_as_text, quoted
from models.rules.tree import (
    ActivityCondition,
    AllOf,
    AnyOf,
    FieldCondition,
    FieldOperator,
    Leaf,
    Measure,
    Not,
    Operand,
    PropertyFilter,
    Rule,
    SegmentCondition,
    TagsCondition,
)

WIDTH: Final = 100
"""A longer group is written with each part in a line of its own."""

SegmentTexts = Mapping[int, str]
"""How each segment is written after `in segment`, by id; see `segment_by_name` and `segment_by_id`."""

_METRICS: Final = {metric: word for word, metric in METRICS.items()}
_TAGGED: Final = {operator: phrase for phrase, operator in TAGGED.items()}


def segment_by_name(name: str) -> str:
    return quoted(name)


def segment_by_id(outside_id: str) -> str:
    return f"id {quoted(outside_id)}"


def write(rule: Rule, catalogue: Catalogue, segments: SegmentTexts) -> str:
    """The text; `parse` and `checked` make the same rule of it."""
    return _Printing(catalogue, segments).lines(rule, 0)


class _Printing:
    def __init__(self, catalogue: Catalogue, segments: SegmentTexts) -> None:
        self.catalogue = catalogue
        self.segments = segments

    # ------------------------------------------------------------ groups

    def lines(self, rule: Rule, indent: int) -> str:
        """In one line when it fits."""
        flat = self.flat(rule)
        if indent + len(flat) <= WIDTH:
            return flat
        margin = "\n" + " " * indent
        match rule:
            case AllOf(parts) | AnyOf(parts) if len(parts) > 1:
                word = "and" if isinstance(rule, AllOf) else "or"
                return f"{margin}{word} ".join(self._part_lines(part, indent) for part in parts)
            case AllOf((part,)) | AnyOf((part,)):
                return f"{'all' if isinstance(rule, AllOf) else 'any'} {self._in_brackets(part, indent)}"
            case Not(part):
                return f"not {self._part_lines(part, indent, negated=True)}"
            case _:
                return flat

    def _part_lines(self, part: Rule, indent: int, *, negated: bool = False) -> str:
        return self._in_brackets(part, indent) if _needs_brackets(part, negated) else self.lines(part, indent)

    def _in_brackets(self, rule: Rule, indent: int) -> str:
        flat = self.flat(rule)
        if indent + len(flat) + 2 <= WIDTH:
            return f"({flat})"
        inner = " " * (indent + 2)
        return f"(\n{inner}{self.lines(rule, indent + 2)}\n{' ' * indent})"

    def flat(self, rule: Rule) -> str:
        match rule:
            case AllOf((part,)) | AnyOf((part,)):
                return f"{'all' if isinstance(rule, AllOf) else 'any'} ({self.flat(part)})"
            case AllOf(parts) | AnyOf(parts):
                return (" and " if isinstance(rule, AllOf) else " or ").join(self._part(part) for part in parts)
            case Not(part):
                return f"not {self._part(part, negated=True)}"
            case _:
                return self.condition(rule)

    def _part(self, part: Rule, *, negated: bool = False) -> str:
        return f"({self.flat(part)})" if _needs_brackets(part, negated) else self.flat(part)

    # ------------------------------------------------------------ conditions

    def condition(self, leaf: Leaf) -> str:
        match leaf:
            case FieldCondition(field, operator, operand):
                return f"{short_key(field, self.catalogue)} {_compared(operator, operand)}"
            case TagsCondition(operator, tags):
                return f"{_TAGGED[operator]} {_listed(tags)}"
            case SegmentCondition(segment_id, member):
                return f"{'in' if member else 'not in'} segment {self.segments[segment_id]}"
            case ActivityCondition(measure, operator, operand):
                return f"{_measure(measure)} {_compared(operator, operand)}"


def _needs_brackets(part: Rule, negated: bool) -> bool:
    """`not in segment` is a condition of its own, which is not the same as the negation of `in segment`."""
    if negated and isinstance(part, SegmentCondition):
        return part.member
    return isinstance(part, AllOf | AnyOf) and len(part.parts) > 1


# ---------------------------------------------------------------- activities


def _measure(measure: Measure) -> str:
    parts = [name_as_text(measure.kind)]
    if measure.property is not None:
        parts.append(f", {name_as_text(measure.property)}")
    if measure.filters:
        parts.append(" where " + " and ".join(map(_filter, measure.filters)))
    return f"{_METRICS[measure.metric]}({''.join(parts)}){_periods(measure)}"


def _periods(measure: Measure) -> str:
    within = "" if measure.within is None else f" within last {_duration(measure.within)}"
    since = "" if measure.since is None else f" since {_value(measure.since)}"
    until = "" if measure.until is None else f" until {_value(measure.until)}"
    return within + since + until


def _filter(part: PropertyFilter) -> str:
    return f"{name_as_text(part.property)} {_compared(part.operator, part.operand)}"


# ---------------------------------------------------------------- operators and values


def _compared(operator: str, operand: Operand) -> str:
    phrase = PHRASES[operator]
    match operand:
        case None:
            return phrase
        case (low, high) if operator == FieldOperator.BETWEEN:
            return f"{phrase} {_value(low)} and {_value(high)}"
        case tuple():
            return f"{phrase} {_listed(operand)}"
        case Duration() if operator == FieldOperator.MORE_THAN_AGO:
            return f"{phrase} {_duration(operand)} ago"
        case Duration() if operator == FieldOperator.MORE_THAN_AHEAD:
            return f"{phrase} {_duration(operand)} ahead"
        case Duration():
            return f"{phrase} {_duration(operand)}"
        case _:
            return f"{phrase} {_value(operand)}"


def _listed(values: Sequence[object]) -> str:
    return f"({', '.join(map(_value, values))})"


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _duration(duration: Duration) -> str:
    years, months = divmod(duration.months, 12)
    hours, rest = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    amounts = zip(UNITS, (years, months, 0, duration.days, hours, minutes, seconds), strict=True)
    counted = [f"{amount} {unit[:-1] if amount == 1 else unit}" for unit, amount in amounts if amount]
    return " ".join(counted) or "0 days"
