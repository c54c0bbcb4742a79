"""Erases a person: at once from the contacts, and then, step by step, from all else that holds personal data.

Each step can be done twice and stop at any line: workers go on until nothing is left. Counts stay, and so does an opt-out, under
a hash of the number.
"""

from models import clock, db
from models.accounts import audit_log
from models.contacts import consent_history, suppressions
from models.destinations.webhooks import messages
from models.errors import NotFound
from models.personal_data import (
    erasures,
    in_audiences,
    in_identity,
    in_messages,
    in_transfers,
    in_webhooks,
    in_workflows,
)
from models.personal_data.identity import Identity, of_contact
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import Scope


async def erase_contact(scope: Scope, contact_id: int) -> None:
    """Deletes the contact and begins its erasure, which workers finish. Again for the same contact: changes nothing.

    Raises NotFound.
    """
    async with db.transaction():
        row = await db.fetch_row(_HOLD, scope.workspace_id, contact_id)
        if row is None:
            if await erasures.exists(scope.workspace_id, contact_id):
                return
            raise NotFound("there is no such contact", ("id",))
        known = await in_identity.values_of(scope.workspace_id, contact_id)
        identity = of_contact(row, shared=row["has_twin"]).joined(**known)
        if row["whatsapp_consent"] == "OPTED_OUT":
            await _keep_opt_out(scope.workspace_id, identity)
        await erasures.begin(scope.workspace_id, identity)
        await db.execute("DELETE FROM contacts WHERE workspace_id = $1 AND id = $2", scope.workspace_id, contact_id)
        await audit_log.record(scope, "contact_erase", "Contact", contact_id)
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
        await enqueue(work.ERASE_CONTACT, scope.workspace_id, contact_id)


_HOLD = """
    SELECT c.id, c.phone, c.email, c.external_id, c.name, c.first_name, c.last_name, c.whatsapp_consent, EXISTS (
        SELECT 1 FROM contacts o WHERE o.workspace_id = $1 AND o.phone_key = c.phone_key AND o.id <> c.id) AS has_twin
    FROM contacts c WHERE c.workspace_id = $1 AND c.id = $2 FOR UPDATE OF c
"""


async def carry_on(workspace_id: int, contact_id: int) -> bool:
    """Erases what is there now.

    Returns False when something has to wait: a message on its way, an import or export that runs, Meta that still has the person.
    """
    identity = await erasures.find_identity(workspace_id, contact_id)
    if identity is None:
        return True
    identity = await _gathered(workspace_id, identity)
    if await in_webhooks.erase(workspace_id, identity):
        await _keep_opt_out(workspace_id, identity)  # nobody has read it: it may have been a stop
    await _erase_consent(workspace_id, identity)
    await in_workflows.erase(workspace_id, identity)
    await in_identity.erase(workspace_id, identity)
    await messages.erase(workspace_id, contact_id)
    done = await in_messages.erase(workspace_id, identity)
    done = await in_transfers.erase(workspace_id, identity) and done
    done = await in_audiences.is_in_none(workspace_id, contact_id) and done
    if done:
        await erasures.finish(workspace_id, contact_id)
    return done


async def _gathered(workspace_id: int, identity: Identity) -> Identity:
    """Adds what other tables know the person by, and keeps it before any of them forgets it."""
    replaced = await in_transfers.values_of(workspace_id, identity)
    known = identity.joined(**replaced).joined(phones=await in_messages.phones_of(workspace_id, identity))
    known = known.joined(phones=await in_messages.aliases_of(workspace_id, known))
    known = known.joined(user_ids=await in_messages.user_ids_of(workspace_id, known))
    await erasures.keep_identity(workspace_id, known)
    return known


async def _keep_opt_out(workspace_id: int, identity: Identity) -> None:
    for key in identity.keys:
        await suppressions.suppress_hash(workspace_id, suppressions.phone_hash(workspace_id, key), clock.now())


async def _erase_consent(workspace_id: int, identity: Identity) -> None:
    await consent_history.erase(workspace_id, identity.contact_id)
    for key in identity.keys:
        await suppressions.erase_number(workspace_id, key)
        await db.execute(
            "DELETE FROM suppressions WHERE workspace_id = $1 AND phone_hash = $2 AND NOT active",
            workspace_id,
            suppressions.phone_hash(workspace_id, key),
        )
