"""The unique keys of contacts. A phone is compared by its `phone_key`, which all spellings of a number share."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models import db
from models.contacts.aliases import KIND_OF
from models.contacts.built_in_fields import path_of
from models.contacts.columns import ALL_COLUMNS
from models.db import Record
from models.errors import DomainError, Problems, Taken
from models.values.phones import phone_key
from permissions.capabilities import Permission
from permissions.principal import Scope

KEYS: Final = ("external_id", "email", "phone")
"""In the order in which an upsert tries them."""

# Not one look-up with OR: so the planner always uses the three indexes.
_SAME_KEYS = f"""
    SELECT {ALL_COLUMNS}, c.phone_key, ARRAY(
        SELECT a.kind FROM contact_aliases a WHERE a.workspace_id = $1 AND a.contact_id = c.id
          AND (a.kind = 'EXTERNAL_ID' AND a.value = $2 OR a.kind = 'EMAIL' AND a.value = $3 OR a.kind = 'PHONE' AND a.value = $4)
    ) AS alias_kinds
    FROM contacts c
    WHERE c.workspace_id = $1 AND c.id IN (
        SELECT id FROM contacts WHERE workspace_id = $1 AND external_id = $2
        UNION SELECT id FROM contacts WHERE workspace_id = $1 AND email = $3
        UNION SELECT id FROM contacts WHERE workspace_id = $1 AND phone_key = $4
        UNION SELECT contact_id FROM contact_aliases WHERE workspace_id = $1 AND kind = 'EXTERNAL_ID' AND value = $2
        UNION SELECT contact_id FROM contact_aliases WHERE workspace_id = $1 AND kind = 'EMAIL' AND value = $3
        UNION SELECT contact_id FROM contact_aliases WHERE workspace_id = $1 AND kind = 'PHONE' AND value = $4)
    ORDER BY c.id
"""  # noqa: S608


async def with_same_keys(scope: Scope, values: Mapping[str, Any], *, lock: bool = False) -> list[Record]:
    """Returns the contacts that have a key in `values`, or are known by it, by id; with `phone_key` and `alias_kinds`."""
    keys = [_compared(key, values.get(key)) for key in KEYS]
    if all(value is None for value in keys):
        return []
    rows = await db.fetch(_SAME_KEYS + (lock_for(values) if lock else ""), scope.workspace_id, *keys)
    return [row for row in rows if any(_has(row, key, values) for key in KEYS)]


async def are_aliases(scope: Scope, values: Mapping[str, Any]) -> bool:
    """Whether a contact is known by a key in `values` beside its own: it was merged with the one that had it."""
    wanted = {(KIND_OF[key], _compared(key, values[key])) for key in KEYS if values.get(key) is not None}
    if not wanted:
        return False
    rows = await db.fetch(_ALIASES, scope.workspace_id, [value for _, value in wanted])
    return any((row["kind"], row["value"]) in wanted for row in rows)


# Of every kind, so that it goes into the primary key.
_ALIASES: Final = """
    SELECT kind, value FROM contact_aliases
    WHERE workspace_id = $1 AND kind = ANY ('{EXTERNAL_ID, EMAIL, PHONE}') AND value = ANY ($2)
"""


def lock_for(values: Mapping[str, Any]) -> str:
    """The lock for writing `values`. A weaker one first could deadlock."""
    return " FOR UPDATE" if any(key in values for key in KEYS) else " FOR NO KEY UPDATE"


def first_match(values: Mapping[str, Any], rows: Sequence[Record]) -> Record | None:
    """The row with the earliest of the KEYS; of several, the one that has it itself, spelled so, else the oldest."""
    for key in KEYS:
        found = [row for row in rows if _has(row, key, values)]
        if found:
            own = [row for row in found if _has_own(row, key, values)]
            return next((row for row in own if row[key] == values[key]), (own or found)[0])
    return None


def replaces_external_id(held: str | None, given: str | None) -> bool:
    """Whether a write that found its contact by another key would take away the contact's external id."""
    return held is not None and given is not None and held != given


def refuse_replaced(scope: Scope, values: Mapping[str, Any], row: Record) -> None:
    """Raise Problems with a Taken when `values` have another external id than the found `row`."""
    if "EXTERNAL_ID" not in row["alias_kinds"] and replaces_external_id(row["external_id"], values.get("external_id")):
        found_by = next(path_of(key) for key in KEYS if _has(row, key, values))
        reason = f"the contact with this {found_by} has another externalId: ask for it to be replaced, or leave it out"
        raise Problems([_taken(scope, "external_id", row["id"], reason)])


def refuse_taken(scope: Scope, values: Mapping[str, Any], rows: Sequence[Record], but: int | None = None) -> None:
    """Raise Problems: a Taken for each key of `values` that a row other than `but` has, and `but` has not."""
    taken: list[DomainError] = []
    for key in KEYS:
        having = [row["id"] for row in rows if _has(row, key, values)]
        if having and but not in having:
            taken.append(_taken(scope, key, having[0]))
    if taken:
        raise Problems(taken)


def _taken(scope: Scope, key: str, contact_id: int, reason: str | None = None) -> Taken:
    """Says whose it is to callers who may read contacts."""
    error = Taken(reason or f"another contact has this {path_of(key)} already", (path_of(key),))
    if Permission.CONTACT_READ in scope.principal.permissions:
        error.taken_by = ("Contact", contact_id)
    return error


def without_aliases(values: Mapping[str, Any], row: Record) -> dict[str, Any]:
    """`values` without the keys by which `row` is known already beside its own: it keeps its own."""
    return {
        key: value
        for key, value in values.items()
        if key not in KEYS or _has_own(row, key, values) or not _has(row, key, values)
    }


def _has(row: Record, key: str, values: Mapping[str, Any]) -> bool:
    return _has_own(row, key, values) or (values.get(key) is not None and KIND_OF[key] in row["alias_kinds"])


def _has_own(row: Record, key: str, values: Mapping[str, Any]) -> bool:
    value = _compared(key, values.get(key))
    return value is not None and bool(row["phone_key" if key == "phone" else key] == value)


def _compared(key: str, value: Any) -> Any:
    return phone_key(value) if key == "phone" and value is not None else value
