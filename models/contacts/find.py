from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
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
    return await db.fetch(_by_ids(columns_of(names)), scope.workspace_id, list(ids))


@lru_cache(maxsize=1024)
def _by_ids(columns: str) -> str:
    return f"SELECT {columns} FROM contacts c WHERE c.workspace_id = $1 AND c.id = ANY ($2)"  # noqa: S608


Key = tuple[int, int]
"""Workspace id, contact id."""


async def last_changes(keys: Collection[Key]) -> dict[Key, datetime]:
    """When the rows of these contacts were last changed; deleted contacts are absent."""
    rows = await db.fetch(_LAST_CHANGES, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["workspace_id"], row["id"]): row["updated_at"] for row in rows}


_LAST_CHANGES: Final = """
    /* all workspaces */ SELECT c.workspace_id, c.id, c.updated_at
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (workspace_id, id)
    JOIN contacts c ON c.workspace_id = wanted.workspace_id AND c.id = wanted.id
"""


async def find_contact(scope: Scope, key: str, value: Any, names: Iterable[str] = COLUMNS) -> Record | None:
    """The contact whose `key` ("id" or one of KEYS) is `value`, or that is known by it.

    Raises Invalid for an impossible value.
    """
    assert key == "id" or key in KEYS
    stored = value if key == "id" else check_column(key, value, scope.default_country)
    row = await _find_row(scope, key, stored, columns_of(names))
    if row is None and stored is not None:
        kept_id = await _known_by(scope.workspace_id, key, stored)
        row = None if kept_id is None else next(iter(await contacts_by_ids(scope, [kept_id], names)), None)
    return row


async def _find_row(scope: Scope, key: str, stored: Any, columns: str) -> Record | None:
    if key == "id" and not db.in_a_transaction():
        return await _rows_by_id.get((scope.workspace_id, columns, db.reads_at_node()), stored)
    sql = f"SELECT {columns} FROM contacts c WHERE c.workspace_id = $1 AND {_FOUND[key]}"  # noqa: S608
    return await db.fetch_row(sql, scope.workspace_id, stored)


async def _find_rows(group: tuple[int, str, bool], ids: Collection[int]) -> dict[int, Record]:
    """The rows of one workspace with the same columns, for all requests that wait for one (ADR 126).

    Those that read at its node wait for another look-up than those that do not. It runs in the context of one of them.
    """
    workspace_id, columns, _ = group
    db.run_for(workspace_id, ("rows by id", workspace_id))
    return {row["id"]: row for row in await db.fetch(_by_ids(columns), workspace_id, list(ids))}


_rows_by_id: Final = db.BatchedLookups(_find_rows)


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
