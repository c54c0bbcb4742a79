"""Test sends to a few contacts, outside of the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models import clock, db
from models.contacts import fields as contact_fields
from models.db.tables.broadcasts import MessageTemplate
from models.errors import DomainError, Invalid, LimitExceeded, NotAllowedInState, NotFound, Problems, Required
from models.messaging import channels, placeholders, quota, rendering, templates
from models.messaging.channels import Credentials
from models.messaging.ledger import NORMAL_PHONE
from models.messaging.rendering import Binding, Binds
from models.queue import requests
from models.queue.requests import ProviderRequest, ProviderRequestKind
from permissions.principal import Scope

MOST: Final = 20


async def ask(
    scope: Scope,
    template_id: int,
    message: Mapping[str, Any],
    bindings: Sequence[Binding],
    contact_ids: Sequence[int],
) -> ProviderRequest:
    """`message`: a template in its sent form. Raises NotAllowedInState, LimitExceeded, or Problems at `contactIds`.

    The result: {"sent": n, "failed": [[contact id, reason], ..]}.
    """
    if not contact_ids:
        raise Required("name at least one contact that is to get it", ("contactIds",))
    if len(contact_ids) > MOST:
        raise LimitExceeded(f"a test goes to at most {MOST} contacts at once", ("contactIds",))
    await channels.get(scope)
    templates.must_be_sendable(await MessageTemplate.get(workspace_id=scope.workspace_id, id=template_id))
    people = await _people(scope, message, bindings, contact_ids)
    return await requests.ask(scope, ProviderRequestKind.TEST, {"message": message, "people": people})


async def _people(
    scope: Scope, message: Mapping[str, Any], bindings: Sequence[Binding], contact_ids: Sequence[int]
) -> list[dict[str, Any]]:
    binds = Binds([scope.workspace_id, list(contact_ids)])
    wanted = placeholders.from_json(message["slots"])
    fields = await contact_fields.load(scope)
    texts = rendering.expressions(wanted, bindings, fields, scope.timezone, binds)
    rows = await db.fetch(
        f"""
        SELECT c.id, {NORMAL_PHONE} AS phone, c.whatsapp_consent, ARRAY[{", ".join(texts)}]::text[] AS parameters
        FROM contacts c WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[])
        """,  # noqa: S608 - every value is bound
        *binds,
    )
    by_id = {row["id"]: row for row in rows}
    problems: list[DomainError] = []
    people: list[dict[str, Any]] = []
    for index, contact_id in enumerate(contact_ids):
        row = by_id.get(contact_id)
        problem = _problem(row, wanted)
        if problem is not None:
            problems.append(problem.under("contactIds", index))
        elif row is not None and all(person["contact"] != contact_id for person in people):
            people.append({"contact": contact_id, "phone": row["phone"], "parameters": row["parameters"]})
    if problems:
        raise Problems(problems)
    return people


def _problem(row: db.Record | None, wanted: Sequence[placeholders.Placeholder]) -> DomainError | None:
    if row is None:
        return NotFound("there is no such contact")
    if row["phone"] is None:
        return Invalid("this contact has no phone number: give it one first")
    if row["whatsapp_consent"] == "OPTED_OUT":
        return NotAllowedInState("this contact has opted out: nothing may be sent to it, not even a test")
    missing = [
        placeholder.name
        for placeholder, text in zip(wanted, row["parameters"], strict=True)
        if placeholder.required and text is None
    ]
    if missing:
        return Invalid(f"this contact has nothing to fill {', '.join(missing)} with, and there is no fallback")
    return None


async def reaching(workspace_id: int, channel: Credentials, phones: Sequence[str]) -> bool:
    """Count them as reached; False when the account's limit does not allow them."""
    now = clock.now()
    async with db.transaction():
        room = await quota.room(workspace_id, channel, now)
        if room is not None and room < len(phones):
            return False
        await quota.take(workspace_id, channel, len(phones))
        await quota.reached(workspace_id, channel.business_account_id, phones, now)
    return True
