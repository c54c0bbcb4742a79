"""Deletes contacts."""

from collections.abc import Sequence

from models import db
from models.accounts import audit_log
from models.contacts import twins
from models.contacts.limits import check_count
from models.errors import NotFound
from models.membership import dirty_contacts
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import Scope

# Locked in one order, against deadlocks.
_LOCK = "SELECT 1 FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR UPDATE"

_DELETE = "DELETE FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) RETURNING id, phone_key"


async def delete_contacts(scope: Scope, ids: Sequence[int]) -> list[int]:
    """Delete contacts and their activities; the engine ends their memberships. Returns the ids that existed.

    Raises NotFound at `ids` when none existed, or LimitExceeded.
    """
    check_count(ids, "ids")
    async with db.transaction():
        async with dirty_contacts.as_bulk(only_if=len(ids) > dirty_contacts.MANY):
            if len(ids) > 1:
                await db.execute(_LOCK, scope.workspace_id, list(ids))
            rows = await db.fetch(_DELETE, scope.workspace_id, list(ids))
        deleted = {row["id"] for row in rows}
        await twins.release(scope.workspace_id, [row["phone_key"] for row in rows])
        if deleted:
            await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
            only = next(iter(deleted)) if len(deleted) == 1 else None
            await audit_log.record(scope, "contacts_delete", "Contact", only, {"ids": sorted(deleted)})
    if ids and not deleted:
        raise NotFound("there are no such contacts", ("ids",))
    return [contact_id for contact_id in dict.fromkeys(ids) if contact_id in deleted]
