"""Creates, lists and deletes the custom fields of contacts."""

import re
import time
from collections.abc import Sequence
from typing import Any, Final

from models import clock, db, running_workflows
from models.accounts import audit_log
from models.contacts.attributes import ContactField, Fields
from models.db import Record, UniqueViolation
from models.db.tables import CustomField
from models.errors import DomainError, InUse, Invalid, LimitExceeded, NotFound, Problems, Required, Taken, at
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.tree import FieldType
from models.values.texts import check_name
from permissions.principal import Scope

MOST_FIELDS: Final = 500
MOST_CHOICES: Final = 500

_KEY = re.compile(r"[a-z0-9_]{1,63}", re.ASCII)

_WITH_CHOICES: Final = (FieldType.CHOICE, FieldType.MULTI_CHOICE)


async def every(scope: Scope) -> list[CustomField]:
    """Returns the custom fields that are not deleted, oldest first."""
    return await CustomField.filter(workspace_id=scope.workspace_id, deleted_at=None).order_by("id")


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[CustomField]:
    return await CustomField.filter(workspace_id=scope.workspace_id, deleted_at=None, id__in=list(ids))


_LOAD = """
    SELECT id, key, label, type, choices FROM contact_fields WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY id
"""


async def load(scope: Scope) -> Fields:
    """Returns the custom fields by key, to check values with."""
    return {row["key"]: _field(row) for row in await db.fetch(_LOAD, scope.workspace_id)}


async def load_to_write(scope: Scope) -> Fields:
    """As `load`; no field is deleted until the ambient transaction ends. For writes of values or rules."""
    await db.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", lock_of(scope))
    return await load(scope)


def lock_of(scope: Scope) -> str:
    return f"contact_fields:{scope.workspace_id}"


def _field(row: Record) -> ContactField:
    choices = None if row["choices"] is None else tuple(row["choices"])
    return ContactField(row["id"], row["key"], row["label"], FieldType(row["type"]), choices)


async def create(
    scope: Scope, *, key: str, label: str, kind: FieldType, choices: Sequence[str] | None = None
) -> CustomField:
    """Raises Problems or Invalid at `key`, `label` or `choices`, Taken at `key`, or LimitExceeded."""
    checked = _checked(key, label, kind, choices)
    try:
        async with db.transaction():
            await _refuse_too_many(scope)
            field = await CustomField.create(workspace_id=scope.workspace_id, key=key, type=kind.value, **checked)
            await audit_log.record(scope, "contact_field_create", "ContactField", field.id, {"key": key, "type": kind})
    except UniqueViolation as error:
        raise await _taken(scope, key) from error
    return field


def _checked(key: str, label: str, kind: FieldType, choices: Sequence[str] | None) -> dict[str, Any]:
    problems: list[DomainError] = []
    checked: dict[str, Any] = {}
    if not _KEY.fullmatch(key):
        problems.append(Invalid("a key has 1 to 63 characters of a-z, 0-9 and _, such as favourite_colour", ("key",)))
    for name, check in (("label", lambda: check_name(label)), ("choices", lambda: check_choices(kind, choices))):
        try:
            checked[name] = check()
        except DomainError as error:
            problems.append(error.under(name))
    if problems:
        raise Problems(problems)
    return checked


def check_choices(kind: FieldType, choices: Sequence[str] | None) -> list[str] | None:
    if kind not in _WITH_CHOICES:
        if choices:
            raise Invalid(f"only CHOICE and MULTI_CHOICE have choices: leave them out for {kind}")
        return None
    if not choices:
        raise Required(f"a field of type {kind} needs its choices")
    if len(choices) > MOST_CHOICES:
        raise LimitExceeded(f"{len(choices)} choices are too many: a field has at most {MOST_CHOICES}")
    cleaned = []
    for index, choice in enumerate(choices):
        with at(index):
            cleaned.append(check_name(choice))
    if len({choice.casefold() for choice in cleaned}) < len(cleaned):
        raise Invalid("two of the choices are the same but for their case: leave one out")
    return cleaned


async def _refuse_too_many(scope: Scope) -> None:
    if await CustomField.filter(workspace_id=scope.workspace_id).count() >= MOST_FIELDS:
        raise LimitExceeded(f"a workspace has at most {MOST_FIELDS} custom fields: delete one that is not needed")


async def _taken(scope: Scope, key: str) -> Taken:
    if await CustomField.exists(workspace_id=scope.workspace_id, key=key, deleted_at__not_isnull=True):
        return Taken(f"the values of an earlier field {key!r} are still being removed: try again in a while", ("key",))
    return Taken(f"there is a field {key!r} already", ("key",))


_SEGMENTS_USING = """
    SELECT name FROM segments
    WHERE workspace_id = $1 AND (deleted_at IS NULL OR restore_asked_at IS NOT NULL)
      AND (jsonb_path_exists(rule, $2::jsonpath) OR jsonb_path_exists(active_rule, $2::jsonpath))
    ORDER BY lower(name), id LIMIT 11
"""


async def delete(scope: Scope, field_id: int) -> None:
    """Values are removed here, or later by `remove_values_of_deleted`.

    Raises NotFound at `id`, or InUse that names the segments whose rules use it, or the workflows that run.
    """
    async with db.transaction():
        await db.advisory_lock(lock_of(scope))
        field = await CustomField.get_or_none(workspace_id=scope.workspace_id, id=field_id, deleted_at=None)
        if field is None:
            raise NotFound("there is no such custom field", ("id",))
        await _refuse_when_used(scope, field.key)
        field.deleted_at = clock.now()
        await field.save(update_fields=["deleted_at"])
        await audit_log.record(scope, "contact_field_delete", "ContactField", field_id, {"key": field.key})
    await _remove_values(scope.workspace_id, field_id, field.key, time.monotonic() + _SECONDS_AT_ONCE)


async def _refuse_when_used(scope: Scope, key: str) -> None:
    path = f'strict $.**.field.field ? (@ == "attributes.{key}")'  # keys need no quoting
    names = [row["name"] for row in await db.fetch(_SEGMENTS_USING, scope.workspace_id, path)]
    if names:
        listed = ", ".join(repr(name) for name in names[:10]) + (" and more" if len(names) > 10 else "")
        raise InUse(f"the rules of these segments speak of this field: {listed}. Change them first", ("id",))
    await running_workflows.refuse_when_named(scope, "strict $.** ? (@ == $key)", "field", key=f"attributes.{key}")


_SECONDS_AT_ONCE: Final = 0.5
"""Of a mutation; workers remove the rest."""

_BATCH: Final = 1_000

_LOCK_BATCH = """
    SELECT id FROM contacts WHERE workspace_id = $1 AND id > $2 AND attributes ? $3 ORDER BY id LIMIT $4 FOR NO KEY UPDATE
"""

_REMOVE = "UPDATE contacts SET attributes = attributes - $3::text WHERE workspace_id = $1 AND id = ANY ($2::bigint[])"


async def _remove_values(workspace_id: int, field_id: int, key: str, until: float) -> bool:
    """Returns True when no value is left and the key is free again."""
    last_id = 0
    while time.monotonic() < until:
        async with db.transaction():
            batch = [row["id"] for row in await db.fetch(_LOCK_BATCH, workspace_id, last_id, key, _BATCH)]
            await db.execute(_REMOVE, workspace_id, batch, key)
        if batch:
            last_id = batch[-1]
        else:
            await db.execute("DELETE FROM contact_fields WHERE workspace_id = $1 AND id = $2", workspace_id, field_id)
            return True
        await enqueue(work.PROCESS_CHANGES, workspace_id)
    return False


async def remove_values_of_deleted(seconds: float = 5.0) -> int:
    """Works for about `seconds`, in all workspaces, and returns how many fields are done."""
    until = time.monotonic() + seconds
    rows = await db.fetch(
        "/* all workspaces */ "
        "SELECT workspace_id, id, key FROM contact_fields WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT 100"
    )
    done = [await _remove_values(row["workspace_id"], row["id"], row["key"], until) for row in rows]
    return sum(done)
