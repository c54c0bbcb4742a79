"""Changes of consent as the API shows them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.contacts import consent_history
from models.errors import Invalid
from schema.contacts.enums import ConsentSource, WhatsAppConsent
from schema.server.context import Info
from schema.server.execution.rows import ids_of, mapped
from schema.server.guard import scope_of
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each


@strawberry.type(description="A change of what a contact consents to.")
class ConsentChange:
    at: datetime = strawberry.field(description="When it was said, by the provider's clock, or entered.")
    source: ConsentSource
    was: WhatsAppConsent = mapped("from_consent", WhatsAppConsent)
    now: WhatsAppConsent = mapped("to_consent", WhatsAppConsent)
    evidence: str | None = strawberry.field(description="What shows it: a message's id, or what somebody wrote.")


@strawberry.type
class ConsentChangeEdge:
    cursor: str
    node: ConsentChange


@strawberry.type
class ConsentChangeConnection:
    """A page of a contact's changes of consent, newest first."""

    edges: list[ConsentChangeEdge]
    nodes: list[ConsentChange]
    page_info: PageInfo


async def consent_changes(
    contacts: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None
) -> Sequence[Page | Invalid]:
    scope, ids = scope_of(info), ids_of(contacts)
    lists = [Cursors(scope, "Contact.consentHistory", contact_id) for contact_id in ids]
    key, problems = read_for_each(lists, after, a_number)
    before = None if key is None else int(key[0])
    pages = await consent_history.page_for_each(scope, ids, page_size(first) + 1, before=before)
    return [
        problem or page_of(pages[contact_id], first, after, _writer(cursors))
        for contact_id, cursors, problem in zip(ids, lists, problems, strict=True)
    ]


def _writer(cursors: Cursors) -> Callable[[Any], str]:
    return lambda change: cursors.write(change["id"])
