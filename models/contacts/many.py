"""Changes one thing of many contacts in one statement. Unknown ids are ignored, and nothing is written that is so already.

Callers hold the rows of the contacts, locked in the order of their ids.
"""

from collections.abc import Sequence
from typing import Any, Final

from models import db
from models.contacts.built_in_fields import MOST_TAGS
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import Scope

PLAIN_COLUMNS: Final = {
    "score": "integer",
    "timezone": "text",
    "date_of_birth": "date",
    "subscribed_at": "timestamptz",
    "last_interaction_at": "timestamptz",
}
"""Columns that stand for themselves: no key, no part of a name, no consent. Each with its type."""


async def change_tags(
    scope: Scope, contact_ids: Sequence[int], add: Sequence[str], remove: Sequence[str]
) -> frozenset[int]:
    """`add` in the workspace's spelling. Returns the contacts that stay as they are because they would have too many tags.

    In the ambient transaction.
    """
    changed = await db.execute(_CHANGE_TAGS, scope.workspace_id, list(contact_ids), list(add), list(remove), MOST_TAGS)
    if changed:
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
    removed = {name.lower() for name in remove}
    added = [name for name in add if name.lower() not in removed]
    rows = await db.fetch(_LACKING, scope.workspace_id, list(contact_ids), added)
    return frozenset(row["id"] for row in rows)


_CHANGE_TAGS = """
UPDATE contacts AS c
SET tags = new.tags
FROM (
    SELECT k.id, k.tag_keys, array(
        SELECT name FROM unnest(k.tags || array(
            SELECT name FROM unnest($3::text[]) WITH ORDINALITY AS added (name, place)
            WHERE lower(name) <> ALL (k.tag_keys) ORDER BY place
        )) WITH ORDINALITY AS all_of_them (name, place)
        WHERE lower(name) <> ALL (muster_fold($4::text[])) ORDER BY place
    ) AS tags
    FROM contacts AS k WHERE k.workspace_id = $1 AND k.id = ANY ($2::bigint[])
) AS new
WHERE c.workspace_id = $1 AND c.id = new.id AND c.tags <> new.tags AND cardinality(new.tags) <= $5
"""

_LACKING = """
SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND NOT tag_keys @> muster_fold($3::text[])
"""


async def set_column(scope: Scope, contact_ids: Sequence[int], column: str, value: Any) -> None:
    """Sets one of PLAIN_COLUMNS to a value as it is stored. In the ambient transaction."""
    sql_type = PLAIN_COLUMNS[column]
    sql = f"""
        UPDATE contacts SET {column} = $3::{sql_type}
        WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND {column} IS DISTINCT FROM $3::{sql_type}
        """  # noqa: S608 - columns of our own
    await _write(scope, sql, contact_ids, value)


async def set_attribute(scope: Scope, contact_ids: Sequence[int], key: str, value: Any) -> None:
    """Sets a custom field to a value as it is stored; None clears it. In the ambient transaction."""
    if value is None:
        await _write(scope, _CLEAR, contact_ids, key)
    else:
        await _write(scope, _SET, contact_ids, key, db.dump_json(value))


_CLEAR = """
UPDATE contacts SET attributes = attributes - $3::text WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND attributes ? $3
"""

_SET = """
UPDATE contacts SET attributes = attributes || jsonb_build_object($3::text, $4::jsonb)
WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND attributes -> $3 IS DISTINCT FROM $4::jsonb
"""


async def increase_score(scope: Scope, contact_ids: Sequence[int], by: int) -> None:
    """Stays within what a score can be. In the ambient transaction."""
    await _write(scope, _INCREASE_SCORE, contact_ids, by)


_INCREASE_SCORE = """
UPDATE contacts SET score = greatest(-2147483648, least(2147483647, score::bigint + $3::bigint))::integer
WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND $3::bigint <> 0
"""


async def increase_attribute(scope: Scope, contact_ids: Sequence[int], key: str, by: float) -> None:
    """A NUMBER field without a value counts as 0. In the ambient transaction."""
    await _write(scope, _INCREASE, contact_ids, key, by, db.dump_json(key))


# The object is written as text: jsonb_build_object() is not immutable, and a distributed database takes only what is.
_INCREASE = """
UPDATE contacts SET attributes = attributes || ('{' || $5::text || ':' || trim_scale(
    CASE WHEN jsonb_typeof(attributes -> $3::text) = 'number' THEN (attributes ->> $3::text)::numeric ELSE 0 END
    + $4::float8::numeric)::text || '}')::jsonb
WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND $4::float8 <> 0
"""


async def _write(scope: Scope, sql: str, contact_ids: Sequence[int], *values: Any) -> None:
    if await db.execute(sql, scope.workspace_id, list(contact_ids), *values):
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
