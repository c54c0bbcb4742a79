"""Contacts as they change, for a page that shows them."""

from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing
from typing import Annotated, Any

import strawberry

from models.contacts.find import contacts_by_ids
from models.errors import Invalid
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.contacts.contact_watch import WATCH
from schema.contacts.types import Contact
from schema.server.context import Info
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import shown
from schema.server.guard import scope_of, subscription
from schema.server.ids import get_id, to_global_id
from schema.server.types.connection import MAX_PAGE_SIZE


@strawberry.type(description="Some of the contacts that are watched.")
class ContactsChange:
    contacts: list[Contact] = strawberry.field(description="Those that have changed, as they are now.")
    deleted_ids: list[strawberry.ID] = strawberry.field(
        description="Those that are deleted, or merged into others; at first also those that never were."
    )


@strawberry.type
class ContactSubscription:
    @subscription(
        Permission.CONTACT_READ,
        description="The contacts as they are now, then those that change, at most ten times a second: their fields, tags,"
        " activities, scores and segments. One that is deleted is told once.",
    )
    async def contacts_changed(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The contacts, from 1 to 250.")],
    ) -> AsyncGenerator[ContactsChange, None]:
        scope, wanted, names = scope_of(info), _ids_from(ids), selected(info, "contacts")
        async with aclosing(WATCH.follow(scope.workspace_id, wanted)) as changes:
            async for changed in changes:
                yield shown(ContactsChange, await _change(scope, changed, names))


def _ids_from(ids: Collection[str]) -> set[int]:
    if not 1 <= len(ids) <= MAX_PAGE_SIZE:
        raise Invalid(f"`ids` names {len(ids)} contacts: name from 1 to {MAX_PAGE_SIZE}", ("ids",))
    return {get_id("Contact", one, ("ids", index)) for index, one in enumerate(ids)}


async def _change(scope: Scope, changed: Collection[int], names: Iterable[str]) -> dict[str, Any]:
    rows = await contacts_by_ids(scope, sorted(changed), names)
    gone = sorted(set(changed).difference(row["id"] for row in rows))
    return {
        "contacts": sorted(rows, key=lambda row: row["id"]),
        "deleted_ids": [to_global_id("Contact", contact_id) for contact_id in gone],
    }
