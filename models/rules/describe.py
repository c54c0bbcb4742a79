"""A rule in plain words: `tagged botox and last interaction more than 30 days ago`."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from models.rules.duration import Duration
from models.rules.tree import (
    ActivityCondition,
    ActivityMetric,
    AllOf,
    AnyOf,
    Field,
    FieldCondition,
    FieldOperator,
    FieldType,
    Measure,
    Not,
    Operand,
    PropertyFilter,
    Rule,
    SegmentCondition,
    TagsCondition,
    TagsOperator,
)

SHOWN_VALUES: Final = 6
"""Further values are only counted."""

_PHRASES: Final = {
    "EQUALS": "is {}",
    "NOT_EQUALS": "is other than {}",
    "IN": "is one of {}",
    "NOT_IN": "is set and is none of {}",
    "CONTAINS": "contains {}",
    "NOT_CONTAINS": "is set and does not contain {}",
    "STARTS_WITH": "starts with {}",
    "ENDS_WITH": "ends with {}",
    "IS_SET": "is set",
    "IS_NOT_SET": "is not set",
    "LT": "is less than {}",
    "LTE": "is at most {}",
    "GT": "is more than {}",
    "GTE": "is at least {}",
    "BETWEEN": "is between {}",
    "HAS_ANY": "has any of {}",
    "HAS_ALL": "has all of {}",
    "HAS_NONE": "is set and has none of {}",
    "WITHIN_LAST": "in the last {}",
    "MORE_THAN_AGO": "more than {} ago",
    "WITHIN_NEXT": "in the next {}",
    "MORE_THAN_AHEAD": "more than {} ahead",
    "ANNIVERSARY_WITHIN_NEXT": "has its anniversary in the next {}",
}
_OF_TIMES: Final = {"LT": "is before {}", "LTE": "is not after {}", "GT": "is after {}", "GTE": "is not before {}"}
_OF_ONE: Final = {FieldOperator.IN: FieldOperator.EQUALS, FieldOperator.NOT_IN: FieldOperator.NOT_EQUALS}
_OF_TODAY: Final = {
    "WITHIN_LAST": "today",
    "WITHIN_NEXT": "today",
    "MORE_THAN_AGO": "before today",
    "MORE_THAN_AHEAD": "after today",
    "ANNIVERSARY_WITHIN_NEXT": "has its anniversary today",
}
_COUNTS: Final = {
    "EQUALS": "exactly {}",
    "NOT_EQUALS": "other than {}",
    "IN": "exactly {}",
    "NOT_IN": "other than {}",
    "LT": "fewer than {}",
    "LTE": "at most {}",
    "GT": "more than {}",
    "GTE": "at least {}",
    "BETWEEN": "between {}",
}
_METRICS: Final = {
    ActivityMetric.SUM: "sum of",
    ActivityMetric.AVERAGE: "average of",
    ActivityMetric.MINIMUM: "smallest",
    ActivityMetric.MAXIMUM: "largest",
    ActivityMetric.DISTINCT_COUNT: "number of different values of",
}


def describe(rule: Rule) -> str:
    match rule:
        case AllOf(parts):
            return " and ".join(_inside(part) for part in parts)
        case AnyOf(parts):
            return " or ".join(_inside(part) for part in parts)
        case Not(part):
            return f"not ({describe(part)})"
        case FieldCondition(field, operator, operand):
            return f"{_label(field)} {_compared(operator, operand, days=field.type is FieldType.DATE)}"
        case TagsCondition():
            return _tags(rule)
        case SegmentCondition(name=name, member=member):
            return f'{"in" if member else "not in"} segment "{name}"'
        case ActivityCondition():
            return _activity(rule)


def _inside(part: Rule) -> str:
    grouped = isinstance(part, AllOf | AnyOf) and len(part.parts) > 1
    return f"({describe(part)})" if grouped else describe(part)


def _label(field: Field) -> str:
    return field.label if field.custom or field.key == "whatsapp_consent" else field.label.lower()


def _tags(condition: TagsCondition) -> str:
    if len(condition.tags) == 1:
        return ("not tagged " if condition.operator is TagsOperator.HAS_NONE else "tagged ") + condition.tags[0]
    match condition.operator:
        case TagsOperator.HAS_ANY:
            return f"tagged {_listed(condition.tags, 'or')}"
        case TagsOperator.HAS_ALL:
            return f"tagged {_listed(condition.tags, 'and')}"
        case TagsOperator.HAS_NONE:
            return f"tagged neither {_listed(condition.tags, 'nor')}"


# ---------------------------------------------------------------- activities


def _activity(condition: ActivityCondition) -> str:
    measure, operator, operand = condition.measure, condition.operator, condition.operand
    which = _which(measure)
    match measure.metric:
        case ActivityMetric.COUNT:
            return f"{_counted(operator, operand, measure.kind)}{which}"
        case ActivityMetric.FIRST_OCCURRED | ActivityMetric.LAST_OCCURRED:
            nth = "first" if measure.metric is ActivityMetric.FIRST_OCCURRED else "last"
            return f"{nth} {measure.kind}{which} {_compared(operator, operand)}"
        case _:
            subject = f"{_METRICS[measure.metric]} {measure.property} over {measure.kind} activities{which}"
            return f"{subject} {_compared(operator, operand)}"


def _counted(operator: FieldOperator, operand: Operand, kind: str) -> str:
    if operand == 0 and operator in (FieldOperator.EQUALS, FieldOperator.LTE):
        return f"no {kind} activity"
    noun = "activity" if operand == 1 else "activities"
    return f"{_COUNTS[operator].format(_operand(operator, operand))} {kind} {noun}"


def _which(measure: Measure) -> str:
    parts = []
    if measure.filters:
        parts.append(" where " + " and ".join(_filter(part) for part in measure.filters))
    if measure.within is not None:
        parts.append(f" in the last {_stretch(measure.within)}")
    if measure.since is not None:
        parts.append(f" since {_value(measure.since)}")
    if measure.until is not None:
        parts.append(f" before {_value(measure.until)}")
    return "".join(parts)


def _filter(part: PropertyFilter) -> str:
    return f"{part.property} {_PHRASES[part.operator].format(_value(part.operand))}"


# ---------------------------------------------------------------- values


def _stretch(duration: Duration) -> str:
    """ "in the last year", not "in the last 1 year"."""
    text = str(duration)
    return text.removeprefix("1 ") if " and " not in text else text


def _compared(operator: FieldOperator, operand: Operand, *, days: bool = False) -> str:
    if days and operand == Duration():
        return _OF_TODAY[operator]
    if isinstance(operand, Duration):
        near = operator not in (FieldOperator.MORE_THAN_AGO, FieldOperator.MORE_THAN_AHEAD)
        return _PHRASES[operator].format(_stretch(operand) if near else operand)
    if isinstance(operand, tuple) and len(operand) == 1 and operator in _OF_ONE:
        operator, operand = _OF_ONE[operator], operand[0]
    of_times = isinstance(operand, date) and operator in _OF_TIMES
    return (_OF_TIMES if of_times else _PHRASES)[operator].format(_operand(operator, operand))


def _operand(operator: FieldOperator, operand: Operand) -> str:
    if operator is FieldOperator.BETWEEN and isinstance(operand, tuple):
        return " and ".join(map(_value, operand))
    return _value(operand)


def _value(operand: Operand) -> str:
    match operand:
        case bool():
            return "true" if operand else "false"
        case str():
            return f'"{operand}"'
        case Decimal():
            short = (operand + 0).normalize()
            return f"{short:f}" if abs(short.adjusted()) < 20 else str(short)
        case datetime():
            return f"{operand.replace(tzinfo=None).isoformat(' ')} UTC"
        case tuple():
            return _listed([_value(item) for item in operand], "or")
        case None:
            return ""
        case _:
            return str(operand)


def _listed(items: Sequence[str], word: str) -> str:
    if len(items) > SHOWN_VALUES:
        return f"{', '.join(items[:SHOWN_VALUES])} {word} {len(items) - SHOWN_VALUES} more"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"
