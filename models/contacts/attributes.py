"""The values of custom fields, as callers give them and as they are stored.

| type         | stored in `attributes` as                                             |
|--------------|-----------------------------------------------------------------------|
| TEXT         | a string, not blank, without spaces around it                         |
| NUMBER       | a finite number                                                       |
| BOOLEAN      | true or false                                                         |
| DATE         | "YYYY-MM-DD"                                                          |
| DATETIME     | "YYYY-MM-DDTHH:MM:SS.ffffffZ", in UTC                                 |
| CHOICE       | one of the field's choices, as the field spells it                    |
| MULTI_CHOICE | a list of choices, not empty, each once, in the field's order         |

An unset value is an absent key; a blank text or an empty list unsets.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from models.errors import DomainError, Invalid, Problems
from models.rules.tree import FieldType
from models.values.instants import read_day, read_instant, write_instant
from models.values.numbers import read_decimal, refuse_inexact
from models.values.texts import check_text, check_whole, composed, kind_of

LONGEST_TEXT: Final = 4_000
"""Characters."""

_LARGEST: Final = 2**63


@dataclass(frozen=True)
class ContactField:
    """Only CHOICE and MULTI_CHOICE have `choices`."""

    id: int
    key: str
    label: str
    type: FieldType
    choices: tuple[str, ...] | None = None

    @cached_property
    def spelling(self) -> Mapping[str, str]:
        return {choice.casefold(): choice for choice in self.choices or ()}


Fields = Mapping[str, ContactField]
"""By key."""


def check_value(field: ContactField, value: object) -> Any:
    """A JSON value as it is stored; None: unset. Raises Invalid."""
    return None if value is None else _CHECKS[field.type](field, value)


def check_values(fields: Fields, values: object) -> dict[str, Any]:
    """Values by key, as they are stored. Raises Problems with every mistake."""
    if not isinstance(values, dict):
        raise Invalid(f"this must be an object of values by the keys of custom fields, not {kind_of(values)}")
    checked: dict[str, Any] = {}
    problems: list[DomainError] = []
    for key, value in values.items():
        field = fields.get(key)
        if field is None:
            problems.append(Invalid(_unknown(key, fields), (key,)))
            continue
        try:
            checked[key] = check_value(field, value)
        except Invalid as error:
            problems.append(error.under(key))
    if problems:
        raise Problems(problems)
    return checked


def _unknown(key: object, fields: Fields) -> str:
    known = ", ".join(sorted(fields)[:50])
    return f"there is no custom field {str(key)[:100]!r}: " + (
        f"the fields are {known}" if known else "none has been made yet"
    )


def _text(_: ContactField, value: object) -> str | None:
    return check_text(value, LONGEST_TEXT).strip() or None


def _number(_: ContactField, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"this must be a number, not {kind_of(value)}")
    if isinstance(value, int):
        return check_whole(value)
    refuse_inexact(value)
    if not math.isfinite(value):
        raise Invalid("this must be a finite number")
    return int(value) if value.is_integer() and abs(value) < _LARGEST else value


def _boolean(_: ContactField, value: object) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"this must be true or false, not {kind_of(value)}")
    return value


def _date(_: ContactField, value: object) -> str:
    if not isinstance(value, str):
        raise Invalid(f"this must be a calendar day such as 2026-11-22, not {kind_of(value)}")
    return read_day(value).isoformat()


def _datetime(_: ContactField, value: object) -> str:
    if not isinstance(value, str):
        raise Invalid(f"this must be an instant such as 2026-11-22T09:30:00Z, not {kind_of(value)}")
    return write_instant(read_instant(value))


def _choice(field: ContactField, value: object) -> str:
    if isinstance(value, str):
        spelled = field.spelling.get(composed(value).casefold())
        if spelled is not None:
            return spelled
        raise Invalid(f"{value[:100]!r} is not a choice: it must be one of {_listed(field.choices or ())}")
    raise Invalid(f"this must be one of {_listed(field.choices or ())}, not {kind_of(value)}")


def _multi_choice(field: ContactField, value: object) -> list[str] | None:
    if not isinstance(value, list):
        raise Invalid(f"this must be a list of choices ({_listed(field.choices or ())}), not {kind_of(value)}")
    chosen = {_choice(field, item) for item in value}
    return [choice for choice in field.choices or () if choice in chosen] or None


def _listed(choices: Sequence[str]) -> str:
    first = ", ".join(choices[:20])
    return first if len(choices) <= 20 else f"{first} and {len(choices) - 20} more"


_CHECKS: Final[Mapping[FieldType, Callable[[ContactField, object], Any]]] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.CHOICE: _choice,
    FieldType.MULTI_CHOICE: _multi_choice,
}


def from_text(field: ContactField, text: str) -> Any:
    """As `check_value`, for a file's cell. MULTI_CHOICE has ; or , between choices."""
    stripped = text.strip()
    if not stripped:
        return None
    match field.type:
        case FieldType.NUMBER:
            return _number(field, read_number(stripped))
        case FieldType.BOOLEAN:
            return read_boolean(stripped)
        case FieldType.MULTI_CHOICE:
            return _multi_choice(field, read_list(stripped, field.spelling))
        case FieldType.TEXT:
            return _text(field, text)
        case _:
            return check_value(field, stripped)


def read_number(text: str) -> int | float:
    try:
        number = read_decimal(text)
    except ValueError as error:
        raise Invalid(f"{text[:50]!r} is not a number: write it as 1234.5") from error
    refuse_inexact(number)
    return number


_BOOLEANS: Final = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}


def read_boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise Invalid(f"{text[:50]!r} is neither true nor false")
    return value


def read_list(text: str, known: Mapping[str, str]) -> list[str]:
    """The items of a cell. A text that is a key of `known` is one item, even with ; or , in it."""
    if composed(text).casefold() in known:
        return [text]
    separator = ";" if ";" in text else ","
    return [item.strip() for item in text.split(separator) if item.strip()]
