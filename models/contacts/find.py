from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from models import db
from models.contacts import aliases
from models.contacts.built_in_fields import check_column
from models.contacts.columns import COLUMNS, columns_of
from models.contacts.keys import KEYS
from models.db import Record
from permissions.principal import Scope


async def contacts_by_ids(scope: Scope, ids: Sequence[int], names: Iterable[str] = COLUMNS) -> list[Record]:
    """Returns the contacts with the columns `names`, in no order."""
    sql = f"SELECT {columns_of(names)} FROM contacts c WHERE c.workspace_id = $1 AND c.id = ANY ($2)"  # noqa: S608
    return await db.fetch(sql, scope.workspace_id, list(ids))


Key = tuple[int, int]
"""Workspace id, contact id."""


async def last_changes(keys: Collection[Key]) -> dict[Key, datetime]:
    """When the rows of these contacts were last changed; deleted contacts are absent."""
    rows = await db.fetch(_LAST_CHANGES, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["workspace_id"], row["id"]): row["updated_at"] for row in rows}


_LAST_CHANGES: Final = """
    SELECT c.workspace_id, c.id, c.updated_at
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (workspace_id, id)
    JOIN contacts c ON c.workspace_id = wanted.workspace_id AND c.id = wanted.id
"""


async def find_contact(scope: Scope, key: str, value: Any, names: Iterable[str] = COLUMNS) -> Record | None:
    """The contact whose `key` ("id" or one of KEYS) is `value`, or that is known by it.

    Raises Invalid for an impossible value.
    """
    assert key == "id" or key in KEYS
    stored = value if key == "id" else check_column(key, value, scope.default_country)
    sql = f"SELECT {columns_of(names)} FROM contacts c WHERE c.workspace_id = $1 AND {_FOUND[key]}"  # noqa: S608
    row = await db.fetch_row(sql, scope.workspace_id, stored)
    if row is None and stored is not None:
        kept_id = await _known_by(scope.workspace_id, key, stored)
        row = None if kept_id is None else next(iter(await contacts_by_ids(scope, [kept_id], names)), None)
    return row


async def _known_by(workspace_id: int, key: str, value: Any) -> int | None:
    """The contact that is known by a value that is in no row: of a contact that was merged into it."""
    if key == "id":
        return (await aliases.survivors(workspace_id, [value])).get(value)
    return await aliases.find_holder(workspace_id, key, value)


_FOUND: Final = {
    **{key: f"c.{key} = $2" for key in ("id", *KEYS)},
    "phone": "c.phone_key = muster_phone_key($2) ORDER BY c.phone = $2 DESC, c.phone_twin LIMIT 1",
}
"""Of several contacts with one number, the one that spells it so, else the oldest."""
