"""Which field of a contact a trait goes into. Pure but for the custom fields that it is given.

docs/tracking.md has the table.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from models.contacts.attributes import Fields, check_values
from models.contacts.built_in_fields import check_column
from models.errors import DomainError, Problems
from models.tracking.rejections import Rejection, RejectionCode

_COLUMNS: Final[Mapping[str, str]] = {
    "email": "email",
    "phone": "phone",
    "name": "name",
    "firstname": "first_name",
    "first_name": "first_name",
    "lastname": "last_name",
    "last_name": "last_name",
    "birthday": "date_of_birth",
    "dateofbirth": "date_of_birth",
    "date_of_birth": "date_of_birth",
    "timezone": "timezone",
    "createdat": "subscribed_at",
    "created_at": "subscribed_at",
}
"""By the trait's name in lower case."""

_NESTED: Final = ("address", "company")
"""Their parts are looked for among the custom fields by their own names."""

_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def values_of(
    traits: Mapping[str, Any], fields: Fields, default_country: str | None
) -> tuple[dict[str, Any], list[Rejection]]:
    """Returns the values by column as a write of a contact takes them, and the traits that cannot be stored.

    A trait without a field is left out: no field is made by what a page sends.
    """
    values: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    rejected: list[Rejection] = []
    for name, value in _flat(traits):
        column, key = _COLUMNS.get(name.lower()), _key_of(name, fields)
        try:
            if column is not None:
                checked = check_column(column, _shortened(column, value), default_country)
                if checked is not None:
                    values[column] = value if column != "date_of_birth" else _shortened(column, value)
            elif key is not None:
                check_values(fields, {key: value})
                attributes[key] = value
        except (DomainError, Problems):
            rejected.append(
                Rejection(
                    RejectionCode.BAD_TRAIT,
                    f"The trait `{name[:80]}` has a value that its field cannot hold.",
                    "identify",
                )
            )
    if attributes:
        values["attributes"] = attributes
    return values, rejected


def _flat(traits: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in traits.items():
        if name in _NESTED and isinstance(value, dict):
            yield from ((str(part), one) for part, one in value.items() if not isinstance(one, dict))
        elif value is not None:
            yield str(name), value


def _key_of(name: str, fields: Fields) -> str | None:
    """The custom field with the trait's name, as it is or in snake case: `petName` fills `pet_name`."""
    for key in (name, name.lower(), _HUMPS.sub("_", name).lower().replace(" ", "_").replace("-", "_")):
        if key in fields:
            return key
    return None


def _shortened(column: str, value: Any) -> Any:
    """Libraries send a birthday as an instant: its day counts."""
    if column == "date_of_birth" and isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[T ]", value):
        return value[:10]
    return value
