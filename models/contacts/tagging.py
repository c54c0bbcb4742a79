from collections.abc import Sequence

from models import db
from models.accounts import audit_log
from models.contacts import tags
from models.contacts.built_in_fields import MOST_TAGS, check_tags
from models.contacts.find import contacts_by_ids
from models.contacts.limits import check_count
from models.db import Record
from models.errors import LimitExceeded, NotFound, Problems, at
from models.membership import dirty_contacts
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import Scope

_LOCK = "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2) ORDER BY id FOR NO KEY UPDATE"

_ADD = """
    UPDATE contacts c
    SET tags = c.tags || ARRAY(
        SELECT name FROM unnest($3::text[]) WITH ORDINALITY AS new (name, position)
        WHERE lower(name) <> ALL (c.tag_keys) ORDER BY position)
    WHERE c.workspace_id = $1 AND c.id = ANY ($2) AND NOT c.tag_keys @> muster_fold($3::text[])
    RETURNING c.id, cardinality(c.tags) AS tags
"""

_REMOVE = """
    UPDATE contacts c
    SET tags = ARRAY(
        SELECT name FROM unnest(c.tags) WITH ORDINALITY AS old (name, position)
        WHERE lower(name) <> ALL (muster_fold($3::text[])) ORDER BY position)
    WHERE c.workspace_id = $1 AND c.id = ANY ($2) AND c.tag_keys && muster_fold($3::text[])
    RETURNING c.id, cardinality(tags) AS tags
"""


async def add_tags(scope: Scope, contact_ids: Sequence[int], names: Sequence[str]) -> list[Record]:
    """Returns the contacts, in the order of the ids.

    Raises Problems with a NotFound at the index of each unknown id in `contactIds`, Invalid at `tags`, or LimitExceeded.
    """
    return await _write(scope, "contact_tags_add", _ADD, contact_ids, names)


async def remove_tags(scope: Scope, contact_ids: Sequence[int], names: Sequence[str]) -> list[Record]:
    """Removes tags, whatever their case. Returns and raises the same as `add_tags`."""
    return await _write(scope, "contact_tags_remove", _REMOVE, contact_ids, names)


async def _write(scope: Scope, action: str, sql: str, contact_ids: Sequence[int], names: Sequence[str]) -> list[Record]:
    check_count(contact_ids, "contactIds")
    with at("tags"):
        checked = check_tags(names)
    async with db.transaction():
        if sql is _ADD:
            checked = await tags.spelled(scope, checked)
        await _lock_all(scope, contact_ids)
        async with dirty_contacts.as_bulk(only_if=len(contact_ids) > dirty_contacts.MANY):
            changed = await db.fetch(sql, scope.workspace_id, list(contact_ids), checked)
        if any(row["tags"] > MOST_TAGS for row in changed):
            raise LimitExceeded(f"a contact holds at most {MOST_TAGS} tags", ("tags",))
        if changed:
            await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
            details = {"ids": sorted(row["id"] for row in changed), "tags": len(checked)}
            await audit_log.record(scope, action, "Contact", None, details)
        rows = {row["id"]: row for row in await contacts_by_ids(scope, contact_ids)}
    return [rows[contact_id] for contact_id in dict.fromkeys(contact_ids)]


async def _lock_all(scope: Scope, contact_ids: Sequence[int]) -> None:
    locked = {row["id"] for row in await db.fetch(_LOCK, scope.workspace_id, list(contact_ids))}
    missing = [
        NotFound("there is no such contact", ("contactIds", index))
        for index, contact_id in enumerate(contact_ids)
        if contact_id not in locked
    ]
    if missing:
        raise Problems(missing)
