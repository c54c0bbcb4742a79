"""The unique keys of contacts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models import db
from models.contacts.built_in_fields import path_of
from models.contacts.columns import ALL_COLUMNS
from models.db import Record
from models.errors import DomainError, Problems, Taken
from permissions.principal import Scope

KEYS: Final = ("external_id", "email", "phone")
"""In the order in which an upsert tries them."""

# Not one look-up with OR: so the planner always uses the three indexes.
_SAME_KEYS = f"""
    SELECT {ALL_COLUMNS} FROM contacts c
    WHERE c.workspace_id = $1 AND c.id IN (
        SELECT id FROM contacts WHERE workspace_id = $1 AND external_id = $2
        UNION SELECT id FROM contacts WHERE workspace_id = $1 AND email = $3
        UNION SELECT id FROM contacts WHERE workspace_id = $1 AND phone = $4)
    ORDER BY c.id
"""  # noqa: S608


async def with_same_keys(scope: Scope, values: Mapping[str, Any], *, lock: bool = False) -> list[Record]:
    """Returns up to three contacts that have a key in `values`."""
    keys = [values.get(key) for key in KEYS]
    if all(value is None for value in keys):
        return []
    rows = await db.fetch(_SAME_KEYS + (lock_for(values) if lock else ""), scope.workspace_id, *keys)
    return [row for row in rows if any(row[key] == values.get(key) is not None for key in KEYS)]


def lock_for(values: Mapping[str, Any]) -> str:
    """The lock for writing `values`. A weaker one first could deadlock."""
    return " FOR UPDATE" if any(key in values for key in KEYS) else " FOR NO KEY UPDATE"


def first_match(values: Mapping[str, Any], rows: Sequence[Record]) -> Record | None:
    """The row with the earliest of the KEYS."""
    for key in KEYS:
        for row in rows:
            if values.get(key) is not None and row[key] == values[key]:
                return row
    return None


def refuse_taken(values: Mapping[str, Any], rows: Sequence[Record], but: int | None = None) -> None:
    """Raise Problems: a Taken for each key of `values` that a row other than `but` has."""
    others = [row for row in rows if row["id"] != but]
    taken: list[DomainError] = [
        Taken(f"another contact has this {path_of(key)} already", (path_of(key),))
        for key in KEYS
        if any(values.get(key) is not None and row[key] == values[key] for row in others)
    ]
    if taken:
        raise Problems(taken)
