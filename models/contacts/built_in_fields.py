"""The built-in fields of a contact. Values are by column: an absent key changes nothing, None clears."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from models.contacts.attributes import Fields, check_values, read_number
from models.errors import DomainError, Invalid, LimitExceeded, Problems
from models.values.emails import normal_email
from models.values.instants import read_day, read_instant
from models.values.phones import normal_phone
from models.values.texts import check_name, check_text, kind_of
from models.values.timezones import check_timezone

CONSENTS: Final = ("UNKNOWN", "OPTED_IN", "OPTED_OUT")

MOST_TAGS: Final = 200
"""Of one contact."""

LONGEST_TAG: Final = 100
"""Characters."""

_DEFAULTS: Final[Mapping[str, Any]] = {"score": 0, "whatsapp_consent": "UNKNOWN"}

_KEYS: Final[Mapping[str, str]] = {
    "external_id": "externalId",
    "first_name": "firstName",
    "last_name": "lastName",
    "date_of_birth": "dateOfBirth",
    "created_at": "createdAt",
    "subscribed_at": "subscribedAt",
    "last_interaction_at": "lastInteractionAt",
    "whatsapp_consent": "whatsappConsent",
}


def path_of(column: str) -> str:
    """Returns a column's name in the API: `externalId` for `external_id`."""
    return _KEYS.get(column, column)


def check_all(values: Mapping[str, Any], fields: Fields, default_country: str | None) -> dict[str, Any]:
    """The values as they are stored. Raises Problems with every mistake.

    Tags are not yet in the workspace's spelling. Attributes are those that change; None unsets.
    """
    checked: dict[str, Any] = {}
    problems: list[DomainError] = []
    for column, value in values.items():
        try:
            checked[column] = _check(column, value, fields, default_country)
        except DomainError as error:
            problems.append(error.under(path_of(column)))
        except Problems as several:
            problems.extend(several.under(path_of(column)).errors)
    if problems:
        raise Problems(problems)
    return checked


def _check(column: str, value: Any, fields: Fields, default_country: str | None) -> Any:
    if column == "attributes":
        return {} if value is None else check_values(fields, value)
    return check_column(column, value, default_country)


def check_column(column: str, value: object, default_country: str | None) -> Any:
    """The value as it is stored; blank text clears. Raises Invalid or Problems."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return [] if column == "tags" else _DEFAULTS.get(column)
    return check_of(column, default_country)(value)


def check_of(column: str, default_country: str | None) -> Callable[[object], Any]:
    """The check of a value that is not blank."""
    if column == "phone":
        return lambda value: normal_phone(value, default_country)
    return _CHECKS[column]


def check_tags(tags: object) -> list[str]:
    """Stripped, each once. Raises Problems with each mistake at its index, or LimitExceeded."""
    if not isinstance(tags, list | tuple):
        raise Invalid(f"this must be a list of tags, not {kind_of(tags)}")
    cleaned: dict[str, None] = {}
    problems: list[DomainError] = []
    for index, tag in enumerate(tags):
        try:
            cleaned[check_name(tag, LONGEST_TAG)] = None
        except Invalid as error:
            problems.append(error.under(index))
    if problems:
        raise Problems(problems)
    if len(cleaned) > MOST_TAGS:
        raise LimitExceeded(f"{len(cleaned)} tags are too many: a contact holds at most {MOST_TAGS}")
    return list(cleaned)


def _external_id(value: object) -> str:
    return check_name(str(value) if isinstance(value, int) and not isinstance(value, bool) else value, 200)


def _name(value: object) -> str:
    return check_name(value, 500)


def _part_of_name(value: object) -> str:
    return check_name(value, 240)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return read_day(check_text(value, 100).strip())


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return read_instant(check_text(value, 100).strip())


def _score(value: object) -> int:
    number = read_number(value.strip()) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise Invalid(f"this must be a whole number, not {kind_of(value)}")
    if not float(number).is_integer() or not -(2**31) <= number < 2**31:
        raise Invalid("this must be a whole number between -2147483648 and 2147483647")
    return int(number)


def _consent(value: object) -> str:
    consent = check_text(value, 50).strip().upper().replace(" ", "_").replace("-", "_")
    if consent not in CONSENTS:
        raise Invalid(f"this must be one of {', '.join(CONSENTS)}")
    return consent


_CHECKS: Final[Mapping[str, Callable[[object], Any]]] = {
    "external_id": _external_id,
    "name": _name,
    "first_name": _part_of_name,
    "last_name": _part_of_name,
    "email": normal_email,
    "timezone": check_timezone,
    "date_of_birth": _day,
    "subscribed_at": _instant,
    "last_interaction_at": _instant,
    "score": _score,
    "whatsapp_consent": _consent,
    "tags": check_tags,
}

_FIRST: Final = ("external_id", "name", "first_name", "last_name", "email", "phone")

COLUMNS: Final = (*_FIRST, *(column for column in _CHECKS if column not in _FIRST))
"""Those that callers can write."""
