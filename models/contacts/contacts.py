"""Contacts: made, changed, found by their keys, deleted.

`values` are what a caller wants of a contact, by column (see contact_values): an absent key is left as it is, None
clears. A contact's keys (external id, e-mail, phone) are unique in the workspace, by constraint.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from models import db
from models.accounts import audit_log
from models.contacts import fields as contact_fields
from models.contacts import tags
from models.contacts.built_in_fields import MOST_TAGS, check_all, check_column, check_tags, path_of
from models.db import Record, UniqueViolation
from models.errors import Conflict, DomainError, LimitExceeded, NotFound, Problems, Required, Taken, at
from models.membership import dirty_contacts
from models.queue import work
from models.queue.enqueue import enqueue
from models.values.instants import clamped_sql
from permissions.principal import Scope

Values = Mapping[str, Any]

KEYS: Final = ("external_id", "email", "phone")
"""What a contact is known by, in the order in which an upsert tries them."""

COLUMNS: Final = (
    "id",
    *("external_id", "name", "email", "phone", "date_of_birth", "subscribed_at", "last_interaction_at"),
    *("score", "whatsapp_consent", "tags", "attributes", "created_at", "updated_at"),
)
"""What is shown of a contact."""

MOST_AT_ONCE: Final = 1_000
"""Contacts that one call can name."""

_TIMES: Final = {
    "date_of_birth": "date",
    **dict.fromkeys(("subscribed_at", "last_interaction_at", "created_at", "updated_at"), "timestamptz"),
}


def _told(column: str) -> str:
    return f"{clamped_sql(f'c.{column}', _TIMES[column])} AS {column}" if column in _TIMES else f"c.{column}"


_ALL: Final = ", ".join(map(_told, COLUMNS))


# ---------------------------------------------------------------- finding


def columns_of(names: Iterable[str], workspace: str = "$1") -> str:
    """The select list, on the alias `c`, of those columns of contacts that are among `names`; the id always.

    `workspace` is the parameter that holds the workspace's id. Values of a field that is being deleted are left out.
    """
    return _columns_of(frozenset(names), workspace)


@lru_cache(maxsize=1024)  # the same few selections are asked for again and again
def _columns_of(names: frozenset[str], workspace: str) -> str:
    wanted = {"id", *names}
    return ", ".join(_shown(column, workspace) for column in COLUMNS if column in wanted)


def _shown(column: str, workspace: str) -> str:
    if column != "attributes":
        return _told(column)
    deleted = f"SELECT key FROM contact_fields WHERE workspace_id = {workspace} AND deleted_at IS NOT NULL"  # noqa: S608
    return f"c.attributes - ARRAY({deleted}) AS attributes"


async def by_ids(scope: Scope, numbers: Sequence[int], names: Iterable[str] = COLUMNS) -> list[Record]:
    """Those of `numbers` that are contacts of the scope's workspace, with the columns `names`, in no order."""
    sql = f"SELECT {columns_of(names)} FROM contacts c WHERE c.workspace_id = $1 AND c.id = ANY ($2)"  # noqa: S608
    return await db.fetch(sql, scope.workspace_id, list(numbers))


async def find(scope: Scope, key: str, value: Any, names: Iterable[str] = COLUMNS) -> Record | None:
    """The contact whose `key` ("id" or one of KEYS) is `value`, as it is stored once it is normalised."""
    assert key == "id" or key in KEYS
    sought = value if key == "id" else check_column(key, value, scope.default_country)
    sql = f"SELECT {columns_of(names)} FROM contacts c WHERE c.workspace_id = $1 AND c.{key} = $2"  # noqa: S608
    return await db.fetch_row(sql, scope.workspace_id, sought)


# ---------------------------------------------------------------- writing


async def create(scope: Scope, values: Values) -> Record:
    """A new contact. Raises Problems: what is wrong in `values`, or TAKEN keys; each at its path."""
    for _ in range(_TRIES):
        async with db.transaction():
            wanted = await _checked(scope, values)
            row = await _insert(scope, "contact_create", wanted)
            if row is not None:
                return row
            _refuse_taken(wanted, await _with_same_keys(scope, wanted))
    raise Conflict("others are writing the same contact at this moment: try again")


async def update(scope: Scope, number: int, values: Values) -> Record:
    """Change a contact. Raises NotFound at `id`, or Problems."""
    for _ in range(_TRIES):
        try:
            async with db.transaction():
                wanted = await _checked(scope, values)
                row = await db.fetch_row(_LOCK_ONE + _lock_for(wanted), scope.workspace_id, number)
                if row is None:
                    raise NotFound("there is no such contact", ("id",))
                _refuse_taken(wanted, await _with_same_keys(scope, wanted), but=number)
                return await _change(scope, "contact_update", row, wanted)
        except UniqueViolation:
            continue  # somebody has just taken a key: the next look says which
    raise Conflict("others are writing the same contact at this moment: try again")


async def upsert(scope: Scope, values: Values) -> tuple[Record, bool]:
    """Change the contact that has one of the KEYS in `values` (tried in their order), or make it. True: it was made.

    Of several at once for the same contact, one makes it and the others change it. Raises Required without a key, or
    Problems; TAKEN at a key when that is another contact's than the one found first.
    """
    for _ in range(_TRIES):
        try:
            async with db.transaction():
                wanted = await _checked(scope, values)
                _need_a_key(wanted)
                same = await _with_same_keys(scope, wanted, lock=True)
                row = _first_match(wanted, same)
                if row is not None:
                    _refuse_taken(wanted, same, but=row["id"])
                    return await _change(scope, "contact_upsert", row, wanted), False
                made = await _insert(scope, "contact_upsert", wanted)
                if made is not None:
                    return made, True
        except UniqueViolation:
            continue
    raise Conflict("others are writing the same contact at this moment: try again")


_TRIES: Final = 10
"""How often a write looks again when another one took a key between its look and its write."""

_LOCK_ONE = f"SELECT {_ALL} FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2"  # noqa: S608


def _lock_for(wanted: Values) -> str:
    """As strong as the change will need: who takes more of a lock later may wait in a ring."""
    return " FOR UPDATE" if any(key in wanted for key in KEYS) else " FOR NO KEY UPDATE"


async def _checked(scope: Scope, values: Values) -> dict[str, Any]:
    """The values as they are stored. In the write's transaction: fields stay, tags are spelled."""
    fields = await contact_fields.load_to_write(scope) if values.get("attributes") else {}
    wanted = check_all(values, fields, scope.default_country)
    if wanted.get("tags"):
        wanted["tags"] = await tags.spelled(scope, wanted["tags"])
    return wanted


def _need_a_key(wanted: Values) -> None:
    if all(wanted.get(key) is None for key in KEYS):
        raise Required("an upsert finds its contact by externalId, email or phone: give at least one")


# Three looks by index, not one with OR: each is answered by its constraint's own index whatever the planner thinks.
_SAME_KEYS = f"""
    SELECT {_ALL} FROM contacts c
    WHERE c.workspace_id = $1 AND c.id IN (
        SELECT id FROM contacts WHERE workspace_id = $1 AND external_id = $2
        UNION SELECT id FROM contacts WHERE workspace_id = $1 AND email = $3
        UNION SELECT id FROM contacts WHERE workspace_id = $1 AND phone = $4)
    ORDER BY c.id
"""  # noqa: S608


async def _with_same_keys(scope: Scope, wanted: Values, *, lock: bool = False) -> list[Record]:
    """The contacts that have one of the wanted keys: up to three."""
    sought = [wanted.get(key) for key in KEYS]
    if all(value is None for value in sought):
        return []
    rows = await db.fetch(_SAME_KEYS + (_lock_for(wanted) if lock else ""), scope.workspace_id, *sought)
    return [row for row in rows if any(row[key] == wanted.get(key) is not None for key in KEYS)]


def _first_match(wanted: Values, rows: Sequence[Record]) -> Record | None:
    for key in KEYS:
        for row in rows:
            if wanted.get(key) is not None and row[key] == wanted[key]:
                return row
    return None


def _refuse_taken(wanted: Values, rows: Sequence[Record], but: int | None = None) -> None:
    """Raise Problems for each wanted key that one of the rows has, leaving out the contact `but`."""
    others = [row for row in rows if row["id"] != but]
    taken: list[DomainError] = [
        Taken(f"another contact has this {path_of(key)} already", (path_of(key),))
        for key in KEYS
        if any(wanted.get(key) is not None and row[key] == wanted[key] for row in others)
    ]
    if taken:
        raise Problems(taken)


async def _insert(scope: Scope, action: str, wanted: Values) -> Record | None:
    """A new contact, or None when one of its keys is taken."""
    stored = dict(wanted)
    if "attributes" in stored:
        stored["attributes"] = _set_only(stored["attributes"])
    columns = ["workspace_id", *stored]
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    row = await db.fetch_row(
        f"""INSERT INTO contacts AS c ({", ".join(columns)}) VALUES ({places})
            ON CONFLICT DO NOTHING RETURNING {_ALL}""",  # noqa: S608 - the columns are those of the catalogue
        scope.workspace_id,
        *stored.values(),
    )
    if row is not None:
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
        await audit_log.record(scope, action, "Contact", row["id"], {"created": True, "fields": list(stored)})
    return row


async def _change(scope: Scope, action: str, row: Record, wanted: Values) -> Record:
    """Write what differs from the locked `row`; nothing when nothing does."""
    different = _differences(row, wanted)
    if not different:
        return row
    sets, arguments = [], [scope.workspace_id, row["id"]]
    for column, value in different.items():
        if column == "attributes":
            arguments += [_set_only(value), [key for key, one in value.items() if one is None]]
            sets.append(f"attributes = (c.attributes || ${len(arguments) - 1}::jsonb) - ${len(arguments)}::text[]")
        else:
            arguments.append(value)
            sets.append(f"{column} = ${len(arguments)}")
    changed = await db.fetch_row(
        f"UPDATE contacts c SET {', '.join(sets)} WHERE c.workspace_id = $1 AND c.id = $2 RETURNING {_ALL}",  # noqa: S608
        *arguments,
    )
    assert changed is not None
    await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
    await audit_log.record(scope, action, "Contact", row["id"], {"fields": _names(different)})
    return changed


def _differences(row: Record, wanted: Values) -> dict[str, Any]:
    """What of `wanted` the row does not hold yet."""
    different: dict[str, Any] = {}
    for column, value in wanted.items():
        if column == "attributes":
            held = db.load_json(row["attributes"])
            changes = {key: one for key, one in value.items() if not db.same_json(held.get(key), one)}
            if changes:
                different[column] = changes
        elif column == "tags":
            if set(row["tags"]) != set(value):
                different[column] = value
        elif row[column] != value:
            different[column] = value
    return different


def _names(different: Values) -> list[str]:
    plain = [column for column in different if column != "attributes"]
    return [*plain, *(f"attributes.{key}" for key in different.get("attributes", ()))]


def _set_only(attributes: Values) -> str:
    return db.dump_json({key: value for key, value in attributes.items() if value is not None})


# ---------------------------------------------------------------- many at once

_DELETE = """
    WITH doomed AS (
        SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE
    )
    DELETE FROM contacts c USING doomed WHERE c.workspace_id = $1 AND c.id = doomed.id RETURNING c.id
"""


async def delete(scope: Scope, numbers: Sequence[int]) -> list[int]:
    """Delete contacts with their activities; their memberships follow by the capture. Gives those that there were.

    Raises NotFound at `ids` when there was none of them, LimitExceeded for more than MOST_AT_ONCE.
    """
    _few_enough(numbers, "ids")
    async with db.transaction():
        async with dirty_contacts.as_bulk(only_if=len(numbers) > dirty_contacts.MANY):
            rows = await db.fetch(_DELETE, scope.workspace_id, list(numbers))
        deleted = {row["id"] for row in rows}
        if deleted:
            await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
            await audit_log.record(scope, "contacts_delete", "Contact", None, {"ids": sorted(deleted)})
    if numbers and not deleted:
        raise NotFound("there are no such contacts", ("ids",))
    return [number for number in dict.fromkeys(numbers) if number in deleted]


_LOCK = "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2) ORDER BY id FOR NO KEY UPDATE"

_ADD_TAGS = """
    UPDATE contacts c
    SET tags = c.tags || ARRAY(
        SELECT name FROM unnest($3::text[]) WITH ORDINALITY AS new (name, place)
        WHERE lower(name) <> ALL (c.tag_keys) ORDER BY place)
    WHERE c.workspace_id = $1 AND c.id = ANY ($2) AND NOT c.tag_keys @> muster_fold($3::text[])
    RETURNING c.id, cardinality(c.tags) AS tags
"""

_REMOVE_TAGS = """
    UPDATE contacts c
    SET tags = ARRAY(
        SELECT name FROM unnest(c.tags) WITH ORDINALITY AS old (name, place)
        WHERE lower(name) <> ALL (muster_fold($3::text[])) ORDER BY place)
    WHERE c.workspace_id = $1 AND c.id = ANY ($2) AND c.tag_keys && muster_fold($3::text[])
    RETURNING c.id, cardinality(tags) AS tags
"""


async def add_tags(scope: Scope, numbers: Sequence[int], names: Sequence[str]) -> list[Record]:
    """Give contacts tags that they lack. Gives the contacts, in the order asked for.

    Raises NotFound at each unknown one's place in `contactIds`, Invalid at `tags`, or LimitExceeded.
    """
    return await _tag(scope, "contact_tags_add", _ADD_TAGS, numbers, names)


async def remove_tags(scope: Scope, numbers: Sequence[int], names: Sequence[str]) -> list[Record]:
    """Take tags from the contacts that have them, whatever their case. Like `add_tags` otherwise."""
    return await _tag(scope, "contact_tags_remove", _REMOVE_TAGS, numbers, names)


async def _tag(scope: Scope, action: str, sql: str, numbers: Sequence[int], names: Sequence[str]) -> list[Record]:
    _few_enough(numbers, "contactIds")
    with at("tags"):
        wanted = check_tags(names)
    async with db.transaction():
        if sql is _ADD_TAGS:
            wanted = await tags.spelled(scope, wanted)
        await _lock_all(scope, numbers)
        async with dirty_contacts.as_bulk(only_if=len(numbers) > dirty_contacts.MANY):
            changed = await db.fetch(sql, scope.workspace_id, list(numbers), wanted)
        if any(row["tags"] > MOST_TAGS for row in changed):
            raise LimitExceeded(f"a contact holds at most {MOST_TAGS} tags", ("tags",))
        if changed:
            await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
            details = {"ids": sorted(row["id"] for row in changed), "tags": len(wanted)}
            await audit_log.record(scope, action, "Contact", None, details)
        rows = {row["id"]: row for row in await by_ids(scope, numbers)}
    return [rows[number] for number in dict.fromkeys(numbers)]


async def _lock_all(scope: Scope, numbers: Sequence[int]) -> None:
    known = {row["id"] for row in await db.fetch(_LOCK, scope.workspace_id, list(numbers))}
    missing = [
        NotFound("there is no such contact", ("contactIds", place))
        for place, number in enumerate(numbers)
        if number not in known
    ]
    if missing:
        raise Problems(missing)


def _few_enough(numbers: Sequence[int], path: str) -> None:
    if len(numbers) > MOST_AT_ONCE:
        raise LimitExceeded(f"{len(numbers):,} contacts are too many: name at most {MOST_AT_ONCE:,} at once", (path,))
