"""Reads the value that a condition compares with. Paths of errors are relative to the value."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from models.errors import DomainError, Invalid, LimitExceeded, Problems, Required
from models.rules.catalogue import RELATIVE
from models.rules.duration import Duration, parse_duration
from models.rules.tree import ActivityOperator, FieldOperator, FieldType, Operand
from models.values.instants import find_day, find_instant
from models.values.numbers import refuse_inexact
from models.values.texts import composed

MAX_LIST = 1_000

MAX_TEXT = 1_000

MAX_NUMBER = Decimal("1e100")
"""Absolute, in a rule or a sum."""

MAX_REPORTED = 50
"""Reading stops here, so that a very wrong rule costs little."""

T = TypeVar("T")

_LISTS = {
    FieldOperator.IN, FieldOperator.NOT_IN, FieldOperator.HAS_ANY, FieldOperator.HAS_ALL, FieldOperator.HAS_NONE,
}  # fmt: skip
_NOTHING = {FieldOperator.IS_SET, FieldOperator.IS_NOT_SET}


def read_operand(
    field_type: FieldType, operator: FieldOperator, value: object, choices: Sequence[str] | None = None
) -> Operand:
    """Raises DomainError or Problems when the value does not fit the field type or operator."""
    if operator in _NOTHING:
        _refuse_value(operator, value)
        return None
    if value is None:
        raise Required(f"{operator} needs {_wanted(field_type, operator)} as its value")
    if operator in RELATIVE or operator is FieldOperator.ANNIVERSARY_WITHIN_NEXT:
        return _read_moving(field_type, value)
    one = _reader(field_type, choices)
    if operator in _LISTS:
        return read_list(one, value)
    if operator is FieldOperator.BETWEEN:
        return _read_range(one, value)
    return one(value)


def read_property_operand(
    operator: ActivityOperator, value: object
) -> str | bool | Decimal | tuple[str | bool | Decimal, ...] | None:
    """Raises DomainError or Problems when the value does not fit the operator."""
    if operator in (ActivityOperator.IS_SET, ActivityOperator.IS_NOT_SET):
        _refuse_value(operator, value)
        return None
    if value is None:
        raise Required(f"{operator} needs a value; to find what has none, use IS_NOT_SET")
    if operator in (ActivityOperator.IN, ActivityOperator.NOT_IN):
        return read_list(read_property_value, value)
    if operator is ActivityOperator.CONTAINS:
        return _read_contained(value)
    if operator in (ActivityOperator.EQUALS, ActivityOperator.NOT_EQUALS):
        return read_property_value(value)
    return read_number(value)


def _read_contained(value: object) -> str | Decimal:
    """A part of a text, or a number in a list."""
    if isinstance(value, str):
        return read_text_value(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return read_number(value)
    raise Invalid(f"must be a text or a number, not {_shown(value)}")


def _refuse_value(operator: str, value: object) -> None:
    if value is not None:
        raise Invalid(f"{operator} takes no value: leave it out")


def _read_moving(field_type: FieldType, value: object) -> Duration:
    duration = read_duration(value)
    if field_type is FieldType.DATE and duration.seconds:
        raise Invalid("a date has no time of day: give the duration in days, weeks, months or years, such as P1D")
    return duration


def _read_range(one: Callable[[object], T], value: object) -> tuple[T, T]:
    if not isinstance(value, list) or len(value) != 2:
        raise Invalid("BETWEEN takes a list of two, [low, high], both included")
    low, high = read_list(one, value)
    if high < low:  # type: ignore[operator]
        raise Invalid("BETWEEN takes [low, high]: the first must not be the greater")
    return low, high


def read_list(one: Callable[[object], T], value: object) -> tuple[T, ...]:
    """1 to MAX_LIST values. Raises Problems with indexes."""
    if not isinstance(value, list):
        raise Invalid(f"must be a list of values, not {_shown(value)}")
    if not value:
        raise Invalid("the list is empty: give at least one value")
    if len(value) > MAX_LIST:
        raise LimitExceeded(f"a list may have up to {MAX_LIST:,} values; this one has {len(value):,}")
    read: list[T] = []
    errors: list[DomainError] = []
    for index, item in enumerate(value):
        try:
            read.append(one(item))
        except DomainError as error:
            errors.append(error.under(index))
            if len(errors) == MAX_REPORTED:
                break
    if errors:
        raise Problems(errors)
    return tuple(read)


# ---------------------------------------------------------------- one value


def read_text(value: object) -> str:
    """Returns the text, composed as stored texts are. Raises DomainError when it is empty, too long, or cannot be stored."""
    if not isinstance(value, str):
        raise Invalid(f"must be a text, not {_shown(value)}")
    if not value:
        raise Invalid("must be a text of at least one character")
    text = composed(value)
    if len(text) > MAX_TEXT:
        raise LimitExceeded(f"a text may have up to {MAX_TEXT:,} characters; this one has {len(text):,}")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid("must be a text of Unicode characters, without the null character or half a surrogate pair")
    return text


def read_text_value(value: object) -> str:
    """As `read_text`, for a value to compare with: empty text counts as missing."""
    if value == "":
        raise Invalid("an empty text counts as no value; to find those that have none, use IS_NOT_SET")
    return read_text(value)


def read_number(value: object) -> Decimal:
    """Returns the number exactly as written. Raises Invalid beyond 1e100 or when not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"must be a number, not {_shown(value)}")
    refuse_inexact(value)
    exact = Decimal(repr(value) if isinstance(value, float) else value)
    if not (exact.is_finite() and exact.copy_abs() <= MAX_NUMBER):
        raise Invalid("must be a number between -1e100 and 1e100")
    return exact


def read_boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"must be true or false, not {_shown(value)}")
    return value


def read_date(value: object) -> date:
    found = find_day(value)
    if found is None:
        raise Invalid(f"must be a date, YYYY-MM-DD such as 2026-11-30, not {_shown(value)}")
    return found


def read_instant(value: object) -> datetime:
    """RFC 3339 with an offset; returned in UTC."""
    found = find_instant(value)
    if found is None:
        raise Invalid(f"must be an instant with its offset, such as 2026-11-30T09:00:00+01:00, not {_shown(value)}")
    return found


def read_duration(value: object) -> Duration:
    if not isinstance(value, str):
        raise Invalid(f"must be an ISO 8601 duration such as P30D, not {_shown(value)}")
    try:
        return parse_duration(value)
    except ValueError as error:
        raise Invalid(f"must be {error}, not {_shown(value)}") from None


def read_property_value(value: object) -> str | bool | Decimal:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return read_text_value(value)
    if isinstance(value, int | float):
        return read_number(value)
    raise Invalid(f"must be a text, a number, true or false, not {_shown(value)}")


def _read_choice(choices: Sequence[str]) -> Callable[[object], str]:
    spelled = {choice.lower(): choice for choice in choices}

    def read(value: object) -> str:
        found = spelled.get(composed(value).lower()) if isinstance(value, str) else None
        if found is None:
            raise Invalid(f"must be one of {', '.join(choices)}, not {_shown(value)}")
        return found

    return read


def _reader(
    field_type: FieldType, choices: Sequence[str] | None
) -> Callable[[object], str | bool | Decimal | date | datetime]:
    match field_type:
        case FieldType.TEXT:
            return read_text_value
        case FieldType.NUMBER:
            return read_number
        case FieldType.BOOLEAN:
            return read_boolean
        case FieldType.DATE:
            return read_date
        case FieldType.DATETIME:
            return read_instant
        case FieldType.CHOICE | FieldType.MULTI_CHOICE:
            return _read_choice(choices or ())


# ---------------------------------------------------------------- words


_WANTED = {
    FieldType.TEXT: "a text",
    FieldType.NUMBER: "a number",
    FieldType.BOOLEAN: "true or false",
    FieldType.DATE: "a date (YYYY-MM-DD)",
    FieldType.DATETIME: "an instant with its offset",
    FieldType.CHOICE: "a choice",
    FieldType.MULTI_CHOICE: "a choice",
}


def _wanted(field_type: FieldType, operator: FieldOperator) -> str:
    if operator in RELATIVE or operator is FieldOperator.ANNIVERSARY_WITHIN_NEXT:
        return "a duration such as P30D"
    if operator is FieldOperator.BETWEEN:
        return "a list of two, [low, high],"
    return "a list of values" if operator in _LISTS else _WANTED[field_type]


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[:40]}…"' if len(value) > 40 else f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value) if abs(value) < 1e20 else "so large a number"
    if value is None:
        return "null"
    return "a list" if isinstance(value, list) else "an object"
