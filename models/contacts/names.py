"""The name of a contact: what somebody gave, else first and last name."""

from collections.abc import Mapping
from typing import Any, Final

from models.db import Record

PARTS: Final = ("first_name", "last_name")


def joined_name(first_name: str | None, last_name: str | None) -> str | None:
    return " ".join(part for part in (first_name, last_name) if part) or None


def joined_name_sql(first_name: str, last_name: str) -> str:
    """As `joined_name`, of two SQL expressions."""
    return f"nullif(concat_ws(' ', {first_name}, {last_name}), '')"


def with_name(checked: Mapping[str, Any], held: Record | None = None) -> Mapping[str, Any]:
    """`checked` (values by column to write) with the name that follows from them.

    `held` is the contact that is changed, None for a new one. A name that nobody gave follows first and last name.
    """
    if not checked.keys() & {"name", *PARTS} or checked.get("name") is not None:
        return checked
    before = [None if held is None else held[part] for part in PARTS]
    given = held is not None and held["name"] != joined_name(*before)
    if given and "name" not in checked:
        return checked
    name = joined_name(*(checked.get(part, was) for part, was in zip(PARTS, before, strict=True)))
    return {**checked, "name": name}
