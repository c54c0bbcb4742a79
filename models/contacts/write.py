"""Writes one contact. `values` are by column (see built_in_fields.py)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from models import db
from models.accounts import audit_log
from models.contacts import consent_writes, tags, twins
from models.contacts import fields as contact_fields
from models.contacts.built_in_fields import check_all
from models.contacts.columns import ALL_COLUMNS
from models.contacts.keys import are_aliases, refuse_taken, with_same_keys
from models.contacts.names import with_name
from models.db import Contended, Record
from models.errors import Conflict
from models.queue import work
from models.queue.enqueue import enqueue
from models.values.phones import phone_key
from permissions.principal import Scope

Values = Mapping[str, Any]

_TRIES: Final = 10

T = TypeVar("T")


async def until_written(write: Callable[[], Awaitable[T | None]]) -> T:
    """Run `write` in a transaction, again when another writer was in the way: None, a broken unique constraint, or a deadlock.

    Raises Conflict after _TRIES.
    """
    for _ in range(_TRIES):
        try:
            async with db.transaction():
                written = await write()
        except Contended:
            continue
        if written is not None:
            return written
    raise Conflict("others are writing the same contact at this moment: try again")


async def check(scope: Scope, values: Values) -> dict[str, Any]:
    """The values as they are stored, for a write in this transaction. Raises Problems."""
    fields = await contact_fields.load_to_write(scope) if values.get("attributes") else {}
    checked = check_all(values, fields, scope.default_country)
    if checked.get("tags"):
        checked["tags"] = await tags.spelled(scope, checked["tags"])
    return checked


async def insert(scope: Scope, action: str, checked: Values, notices: list[str] | None = None) -> Record | None:
    """Returns the new contact, or None when another contact has one of its keys.

    `notices` is filled with what was set aside, and why. Raises Problems with a Taken when another contact is known by a key.
    """
    stored, set_aside = await consent_writes.decide(scope, dict(with_name(checked)))
    _notice(notices, set_aside)
    if "attributes" in stored:
        stored["attributes"] = _json_of_set(stored["attributes"])
    columns = ["workspace_id", *stored]
    parameters = ", ".join(f"${index}" for index in range(1, len(columns) + 1))
    row = await db.fetch_row(
        f"INSERT INTO contacts AS c ({', '.join(columns)}) VALUES ({parameters})"  # noqa: S608 - columns of the catalogue
        f" ON CONFLICT DO NOTHING RETURNING {ALL_COLUMNS}",
        scope.workspace_id,
        *stored.values(),
    )
    if row is not None:
        if await are_aliases(scope, checked):
            refuse_taken(scope, checked, await with_same_keys(scope, checked))
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
        await audit_log.record(scope, action, "Contact", row["id"], {"created": True, "fields": _names(stored)})
        await consent_writes.follow(scope, None, row, consent_writes.moved_to(stored, None))
    return row


def _notice(notices: list[str] | None, set_aside: list[str]) -> None:
    """A try may be repeated."""
    if notices is not None:
        notices[:] = set_aside


async def change(scope: Scope, action: str, row: Record, checked: Values, notices: list[str] | None = None) -> Record:
    """Write what differs from the locked `row`. `notices` is filled as by `insert`."""
    decided, set_aside = await consent_writes.decide(scope, dict(with_name(checked, row)), row)
    _notice(notices, set_aside)
    different = _differences(row, decided)
    if not different:
        return row
    sets, arguments = [], [scope.workspace_id, row["id"]]
    for column, value in different.items():
        if column == "attributes":
            arguments += [_json_of_set(value), [key for key, one in value.items() if one is None]]
            sets.append(f"attributes = (c.attributes || ${len(arguments) - 1}::jsonb) - ${len(arguments)}::text[]")
        else:
            arguments.append(value)
            sets.append(f"{column} = ${len(arguments)}")
    changed = await db.fetch_row(_update_sql(sets), *arguments)
    assert changed is not None
    if "phone" in different and row["phone"] is not None:
        await twins.release(scope.workspace_id, [phone_key(row["phone"])])
    await _tell(scope, action, row["id"], different)
    await consent_writes.follow(scope, row, changed, consent_writes.moved_to(decided, row))
    return changed


async def change_one(scope: Scope, action: str, contact_id: int, column: str, value: Any) -> Record | None:
    """As `change` writes one of PLAIN_COLUMNS, in one statement that nothing has to be read for (ADR 152).

    Returns None where the contact has this value, or there is none.
    """
    sql = _update_sql([f"{column} = $3"], f"AND c.{column} IS DISTINCT FROM $3")
    changed = await db.fetch_row(sql, scope.workspace_id, contact_id, value)
    if changed is not None:
        await _tell(scope, action, contact_id, {column: value})
    return changed


def _update_sql(sets: Iterable[str], condition: str = "") -> str:
    return f"""
        UPDATE contacts c SET {", ".join(sets)} WHERE c.workspace_id = $1 AND c.id = $2 {condition} RETURNING {ALL_COLUMNS}
        """  # noqa: S608 - columns of our own


async def _tell(scope: Scope, action: str, contact_id: int, different: Values) -> None:
    await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
    await audit_log.record(scope, action, "Contact", contact_id, {"fields": _names(different)})


def _differences(row: Record, checked: Values) -> dict[str, Any]:
    different: dict[str, Any] = {}
    for column, value in checked.items():
        if column == "attributes":
            stored = db.load_json(row["attributes"])
            changes = {key: one for key, one in value.items() if not db.same_json(stored.get(key), one)}
            if changes:
                different[column] = changes
        elif column == "tags":
            if set(row["tags"]) != set(value):
                different[column] = value
        elif row[column] != value:
            different[column] = value
    return different


def _names(different: Values) -> list[str]:
    plain = [column for column in different if column not in ("attributes", "consent_source", "consent_at")]
    keys = different.get("attributes", ())
    return [*plain, *(["attributes"] if isinstance(keys, str) else [f"attributes.{key}" for key in keys])]


def _json_of_set(attributes: Values) -> str:
    return db.dump_json({key: value for key, value in attributes.items() if value is not None})
