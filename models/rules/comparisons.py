"""Comparisons of an SQL expression with an operand. None is true of null."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Final, cast

from models.rules.duration import Duration
from models.rules.parameters import AsText, DayAt, InstantAt, Parameters, PassedEdge, RoundEdge
from models.rules.thresholds import NOW, Threshold
from models.rules.tree import FieldOperator, Operand

_SIGNS: Final = {
    FieldOperator.EQUALS: "=",
    FieldOperator.NOT_EQUALS: "<>",
    FieldOperator.LT: "<",
    FieldOperator.LTE: "<=",
    FieldOperator.GT: ">",
    FieldOperator.GTE: ">=",
}

_COMPARE: Final = {
    FieldOperator.EQUALS: eq,
    FieldOperator.NOT_EQUALS: ne,
    FieldOperator.LT: lt,
    FieldOperator.LTE: le,
    FieldOperator.GT: gt,
    FieldOperator.GTE: ge,
}


LONG: Final = 100
"""Longer lists become keys of a JSON object, because a generic plan would scan an array."""


def both(*conditions: str) -> str:
    """Joins the conditions with AND, and leaves out empty ones."""
    given = [condition for condition in conditions if condition]
    return given[0] if len(given) == 1 else f"({' AND '.join(given)})"


def lacks(condition: str) -> str:
    """The opposite of a condition, also true where the condition is null."""
    return f"(({condition}) IS NOT TRUE)"


# ---------------------------------------------------------------- texts


@dataclass(frozen=True, slots=True)
class Text:
    folded: str
    is_text: str
    present: str


def compare_text(text: Text, operator: FieldOperator, operand: Operand, p: Parameters) -> str:
    """Returns a condition that ignores case."""
    match operator:
        case FieldOperator.IS_SET:
            return text.present
        case FieldOperator.IS_NOT_SET:
            return lacks(text.present)
        case FieldOperator.EQUALS:
            return both(f"{text.folded} = {p.text(cast(str, operand))}", text.is_text)
        case FieldOperator.NOT_EQUALS:
            return both(f"{text.folded} <> {p.text(cast(str, operand))}", text.present)
        case FieldOperator.IN:
            return both(_is_in(text.folded, cast(Sequence[str], operand), p), text.is_text)
        case FieldOperator.NOT_IN:
            return both(f"NOT {_is_in(text.folded, cast(Sequence[str], operand), p)}", text.present)
        case FieldOperator.NOT_CONTAINS:
            return both(f"{text.folded} NOT LIKE {p.pattern('%', cast(str, operand), '%')}", text.present)
        case _:
            before = "" if operator is FieldOperator.STARTS_WITH else "%"
            after = "" if operator is FieldOperator.ENDS_WITH else "%"
            return both(f"{text.folded} LIKE {p.pattern(before, cast(str, operand), after)}", text.is_text)


def _is_in(folded: str, wanted: Sequence[str], p: Parameters) -> str:
    return f"({p.text_keys(wanted)} ? {folded})" if len(wanted) > LONG else f"({folded} = ANY ({p.texts(wanted)}))"


# ---------------------------------------------------------------- numbers


def compare_number(number: str, operator: FieldOperator, operand: Operand, p: Parameters) -> str:
    match operator:
        case FieldOperator.IS_SET:
            return f"{number} IS NOT NULL"
        case FieldOperator.IS_NOT_SET:
            return f"{number} IS NULL"
        case FieldOperator.IN:
            return _is_among(number, cast(Sequence[Decimal], operand), p)
        case FieldOperator.NOT_IN:
            return f"NOT {_is_among(number, cast(Sequence[Decimal], operand), p)}"
        case FieldOperator.BETWEEN:
            low, high = cast(Sequence[Decimal], operand)
            return f"{number} BETWEEN {p.bind(low, 'numeric')} AND {p.bind(high, 'numeric')}"
        case _:
            return f"{number} {_SIGNS[operator]} {p.bind(operand, 'numeric')}"


def _is_among(number: str, wanted: Sequence[Decimal], p: Parameters) -> str:
    if len(wanted) > LONG:
        return f"({p.number_keys(wanted)} ? trim_scale({number})::text)"
    return f"({number} = ANY ({p.bind(wanted, 'numeric[]')}))"


def is_true_of_zero(operator: FieldOperator, operand: Operand) -> bool:
    match operator, operand:
        case FieldOperator.BETWEEN, (Decimal() as low, Decimal() as high):
            return low <= 0 <= high
        case FieldOperator.IN, tuple(values):
            return 0 in values
        case FieldOperator.NOT_IN, tuple(values):
            return 0 not in values
        case _, Decimal() as value:
            return bool(_COMPARE[operator](0, value))
        case _:
            return True


# ---------------------------------------------------------------- days and instants


@dataclass(frozen=True, slots=True)
class Time:
    """A day or an instant, as text in `attributes`.

    `valid`: the condition that the text is a time; empty for a column. `indexed`: the part of it in the partial index.
    """

    expression: str
    days: bool
    valid: str = ""
    day_of_year: str = ""
    indexed: str = ""

    @property
    def as_text(self) -> bool:
        return bool(self.valid)

    @property
    def sql_type(self) -> str:
        if self.as_text:
            return "text"
        return "date" if self.days else "timestamptz"

    @property
    def present(self) -> str:
        return self.valid or f"{self.expression} IS NOT NULL"

    def fixed(self, value: object, p: Parameters) -> str:
        return p.time(cast(date, value), self.sql_type)

    def moving(self, threshold: Threshold, p: Parameters, since: bool = False) -> str:
        at = DayAt(threshold, since) if self.days else InstantAt(threshold, since)
        return p.moving(AsText(at) if self.as_text else at, self.sql_type)


def compare_time(time: Time, operator: FieldOperator, operand: Operand, p: Parameters) -> str:
    match operator:
        case FieldOperator.IS_SET:
            return time.present
        case FieldOperator.IS_NOT_SET:
            return lacks(time.present)
        case _:
            return both(_compare_time(time, operator, operand, p), time.valid)


def _compare_time(time: Time, operator: FieldOperator, operand: Operand, p: Parameters) -> str:
    match operator, operand:
        case FieldOperator.IN | FieldOperator.NOT_IN, tuple(values):
            array = p.times(cast(Sequence[date], values), time.sql_type)
            return f"{time.expression} " + (f"= ANY ({array})" if operator is FieldOperator.IN else f"<> ALL ({array})")
        case FieldOperator.BETWEEN, (low, high):
            return f"{time.expression} BETWEEN {time.fixed(low, p)} AND {time.fixed(high, p)}"
        case FieldOperator.ANNIVERSARY_WITHIN_NEXT, Duration():
            return comes_round(time, [RoundEdge(Threshold(operand), edge) for edge in range(4)], p)
        case FieldOperator.WITHIN_LAST, Duration():
            return (
                f"{time.expression} BETWEEN {time.moving(Threshold(operand, past=True), p)} AND {time.moving(NOW, p)}"
            )
        case FieldOperator.WITHIN_NEXT, Duration():
            return f"{time.expression} BETWEEN {time.moving(NOW, p)} AND {time.moving(Threshold(operand), p)}"
        case FieldOperator.MORE_THAN_AGO, Duration():
            return f"{time.expression} < {time.moving(Threshold(operand, past=True), p)}"
        case FieldOperator.MORE_THAN_AHEAD, Duration():
            return f"{time.expression} > {time.moving(Threshold(operand), p)}"
        case _:
            return f"{time.expression} {_SIGNS[operator]} {time.fixed(operand, p)}"


def comes_round(time: Time, edges: Sequence[RoundEdge | PassedEdge], p: Parameters) -> str:
    """The day of the year lies in one of two ranges, bounded by `edges`."""
    sql_type = "text" if time.as_text else "numeric"
    start, end, other_start, other_end = (p.moving(AsText(edge) if time.as_text else edge, sql_type) for edge in edges)
    day = time.day_of_year
    return f"({day} BETWEEN {start} AND {end} OR {day} BETWEEN {other_start} AND {other_end})"
