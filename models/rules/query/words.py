"""The words of rules as text, and what they stand for."""

import re
from collections.abc import Mapping
from typing import Final

from models.rules.tree import ActivityMetric, FieldOperator, TagsOperator

COMPARISONS: Final[Mapping[str, str]] = {
    "=": FieldOperator.EQUALS,
    "!=": FieldOperator.NOT_EQUALS,
    "<": FieldOperator.LT,
    "<=": FieldOperator.LTE,
    ">": FieldOperator.GT,
    ">=": FieldOperator.GTE,
    "contains": FieldOperator.CONTAINS,
    "not contains": FieldOperator.NOT_CONTAINS,
    "starts with": FieldOperator.STARTS_WITH,
    "ends with": FieldOperator.ENDS_WITH,
}
AMONG: Final[Mapping[str, str]] = {
    "in": FieldOperator.IN,
    "not in": FieldOperator.NOT_IN,
    "has any": FieldOperator.HAS_ANY,
    "has all": FieldOperator.HAS_ALL,
    "has none": FieldOperator.HAS_NONE,
}
PRESENCE: Final[Mapping[str, str]] = {"is set": FieldOperator.IS_SET, "is not set": FieldOperator.IS_NOT_SET}
MOVING: Final[Mapping[str, str]] = {
    "within last": FieldOperator.WITHIN_LAST,
    "within next": FieldOperator.WITHIN_NEXT,
    "anniversary within next": FieldOperator.ANNIVERSARY_WITHIN_NEXT,
}
DIRECTIONS: Final[Mapping[str, str]] = {
    "ago": FieldOperator.MORE_THAN_AGO,
    "ahead": FieldOperator.MORE_THAN_AHEAD,
}

OPERATORS: Final[Mapping[str, str]] = {
    **COMPARISONS,
    **AMONG,
    **PRESENCE,
    **MOVING,
    "between": FieldOperator.BETWEEN,
    "more than": FieldOperator.MORE_THAN_AGO,
}
"""By phrase, as they are offered; `more than` is one of two."""

PHRASES: Final[Mapping[str, str]] = {
    **{operator: phrase for phrase, operator in OPERATORS.items()},
    FieldOperator.MORE_THAN_AHEAD: "more than",
}
"""By operator, of fields and of properties."""

TAGGED: Final[Mapping[str, str]] = {
    "tagged any": TagsOperator.HAS_ANY,
    "tagged all": TagsOperator.HAS_ALL,
    "tagged none": TagsOperator.HAS_NONE,
}
METRICS: Final[Mapping[str, str]] = {
    "count": ActivityMetric.COUNT,
    "sum": ActivityMetric.SUM,
    "average": ActivityMetric.AVERAGE,
    "minimum": ActivityMetric.MINIMUM,
    "maximum": ActivityMetric.MAXIMUM,
    "distinct": ActivityMetric.DISTINCT_COUNT,
    "first": ActivityMetric.FIRST_OCCURRED,
    "last": ActivityMetric.LAST_OCCURRED,
}

RESERVED: Final = frozenset(
    ("and", "or", "not", "in", "is", "has", "tagged", "where", "between", "contains", "true", "false")
)
"""A field or property that is called so is written otherwise: `attributes.has`, or in quotes."""

UNITS: Final = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")

BARE_NAME: Final = re.compile(r"[^\W\d]\w*(\.\w+)*")
"""What needs no quotes, unless it is reserved."""


def is_bare(name: str) -> bool:
    return BARE_NAME.fullmatch(name) is not None and name.partition(".")[0].lower() not in RESERVED


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def unquoted(text: str) -> str:
    """The text between quotes of either kind, of which a doubled one stands for itself."""
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def name_as_text(name: str) -> str:
    """The name of a kind of activity, or of a property, in quotes when it needs them."""
    return name if is_bare(name) else quoted(name)


def phrase_of(token: str) -> str:
    """The words of a token in small letters, with single spaces."""
    return " ".join(token.lower().split())


_PIECE: Final = re.compile(r"(\d+)\s+(year|month|week|day|hour|minute|second)s?", re.IGNORECASE)
_DESIGNATORS: Final = {
    "year": "Y", "month": "M", "week": "W", "day": "D", "hour": "H", "minute": "M", "second": "S",
}  # fmt: skip


def duration_of(text: str) -> str:
    """`1 year 2 months` as ISO 8601 text. The numbers of a unit that is repeated are added up."""
    if text[0] in "Pp":
        return text.upper()
    amounts: dict[str, int] = {}
    for amount, unit in _PIECE.findall(text):
        amounts[unit.lower()] = amounts.get(unit.lower(), 0) + int(amount[:12])
    date, time = (
        "".join(f"{amounts[unit]}{letter}" for unit, letter in part if unit in amounts)
        for part in (list(_DESIGNATORS.items())[:4], list(_DESIGNATORS.items())[4:])
    )
    return f"P{date}T{time}" if time else f"P{date}"
